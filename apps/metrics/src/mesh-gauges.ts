/** What the server itself knows: how much waits in each lane's durable, and which messages were set aside. */
import { ADVISORY_SUBJECTS, LANES, type Lane, STREAMS } from "@baton/contracts";
import { absent, type Mesh } from "@baton/mesh";

/** Dispatches of a lane: not delivered yet, and delivered but not settled (worked on, or waiting for a retry). */
export interface LaneBacklog {
  readonly lane: Lane;
  readonly waiting: number;
  readonly delivered: number;
}

/** Messages of a stream that a consumer gave up. */
export interface GivenUp {
  readonly how: "set-aside" | "exhausted";
  readonly stream: string;
  readonly consumer: string;
  readonly messages: number;
}

/** The backlog of every lane whose durable exists. */
export async function readLaneBacklogs(jsm: Mesh["jsm"]): Promise<LaneBacklog[]> {
  const backlogs = await Promise.all(
    LANES.map(async (lane) => {
      const info = await jsm.consumers.info(STREAMS.journal.name, lane).catch(absent);
      return info && { lane, waiting: info.num_pending, delivered: info.num_ack_pending };
    }),
  );
  return backlogs.filter((backlog) => backlog !== undefined);
}

/** Counts of the advisories that are kept (the latest 30 days), by stream and consumer. */
export async function readGivenUp(jsm: Mesh["jsm"]): Promise<GivenUp[]> {
  const found = await Promise.all(
    ADVISORY_SUBJECTS.map(async (filter) => {
      const { state } = await jsm.streams.info(STREAMS.advisories.name, {
        subjects_filter: filter,
      });
      return Object.entries(state.subjects ?? {});
    }),
  );
  return found.flat().flatMap(([subject, messages]) => {
    // $JS.EVENT.ADVISORY.CONSUMER.<kind>.<stream>.<consumer>
    const [, , , , kind, stream, consumer] = subject.split(".");
    if (stream === undefined || consumer === undefined) return [];
    const how = kind === "MSG_TERMINATED" ? ("set-aside" as const) : ("exhausted" as const);
    return [{ how, stream, consumer, messages }];
  });
}
