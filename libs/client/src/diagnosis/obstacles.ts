/** What keeps a candidate from going on although its entry says nothing of it, and what to do. Pure. */
import {
  awaitedDispatch,
  type Entry,
  type ServiceHealth,
  type StoredEntry,
} from "@baton/contracts";
import { GitError } from "@baton/gitops";
import { adviceOnMatter, type Explanation, laneSays } from "@baton/views";

import type { HealthCheck, ServiceView } from "../reading/read-services.ts";
import { serviceFindings } from "./examine-services.ts";
import { type ConsumerNumbers, holdsInVain } from "./examine-streams.ts";
import { failureIn } from "./failure-in.ts";
import type { Finding } from "./finding.ts";

/** Something that is in the way. */
export interface Obstacle {
  readonly found: string;
  readonly action: string;
}

/** What was asked of the lane that has the baton. */
export interface LaneLook {
  readonly lane: ServiceView;
  /** Undefined where there is none. */
  readonly consumer: ConsumerNumbers | undefined;
}

/** What was looked at. */
interface Looked {
  /** Undefined where no lane has it. */
  readonly lane: LaneLook | undefined;
  readonly coordinator: ServiceView;
  /** Milliseconds since 1970, by our clock. */
  readonly now: number;
  readonly dataDir: string | undefined;
}

/** What is wrong with those who must act on it next, the worst first. */
export function obstaclesOf(last: StoredEntry, looked: Looked): Obstacle[] {
  const { lane, coordinator, now, dataDir } = looked;
  if (last.entry.holder === "closed") return [];
  const wrongWith = (view: ServiceView): Obstacle[] =>
    serviceFindings(view, { now, dataDir }).flatMap((one) => obstacleOf(one));
  return [
    ...(lane && !isSaid(lane) ? laneObstacles(lane.lane, last.entry, wrongWith) : []),
    ...(lane?.consumer ? obstacleOf(holdsInVain(lane.consumer)) : []),
    ...(lane?.consumer ? againObstacle(last, lane.consumer) : []),
    ...wrongWith(coordinator),
  ];
}

/** A lane's check that something outside of Baton is away. */
const AWAY = "away";

/** What is away is told once: by the entry, where its attempt failed of it. */
function laneObstacles(
  lane: ServiceView,
  { failure }: Entry,
  wrongWith: (view: ServiceView) => Obstacle[],
): Obstacle[] {
  const isAway = lane.processes.some(({ checks }) => checks.some(isOff));
  if (!isAway || !failure) return wrongWith(lane);
  const processes = lane.processes.map((one) => ({
    ...one,
    checks: one.checks.filter((check) => !isOff(check)),
  }));
  const found = `${lane.name} waits until that is back`;
  const action = laneSays(lane.name, failure.action) ?? "Bring back what is away.";
  return [{ found, action }, ...wrongWith({ ...lane, processes })];
}

function isOff({ name, ok }: HealthCheck): boolean {
  return name === AWAY && !ok;
}

/** Why what runs of it can't be compared with main: told once, also where its own failure is told in the explanation. */
export function uncompared(error: unknown, { failure }: Pick<Entry, "failure">): Obstacle {
  const { found, repair } = failureIn(error);
  const isTold = failure != null && error instanceof GitError && error.code === failure.code;
  const why = isTold ? " either" : found;
  return { found: `what runs of it can't be compared with main${why}`, action: repair };
}

/** What the engine asks people to look at about a candidate, open or closed. */
export function engineObstacles(
  answers: readonly Pick<ServiceHealth, "matters">[],
  candidateId: string,
): Obstacle[] {
  const matters = answers.flatMap((one) => one.matters ?? []);
  return matters
    .filter(({ subject }) => subject === candidateId)
    .map(({ code, text }) => ({
      found: `the engine says: ${text}`,
      action: adviceOnMatter(code, candidateId),
    }));
}

/** That nobody runs a lane is what the explanation itself says. */
function isSaid({ lane, consumer }: LaneLook): boolean {
  const { num_waiting: waiting = 1, num_ack_pending: held = 1 } = consumer ?? {};
  return waiting + held === 0 && lane.processes.length === 0 && lane.up?.pid === undefined;
}

/** What is as it should be says nothing; a lane's remark names what its people should read. */
function obstacleOf(finding: Finding | undefined): Obstacle[] {
  if (finding === undefined || finding.level === "ok" || finding.repair === undefined) return [];
  return [{ found: `${finding.about} ${finding.found}`, action: finding.repair }];
}

/** Deliveries that ended without an answer leave nothing in the journal: only the consumer counts them. */
function againObstacle(last: StoredEntry, consumer: ConsumerNumbers): Obstacle[] {
  const { entry } = last;
  const { num_redelivered: again, num_ack_pending: held, name } = consumer;
  if (again === 0 || !isDelivered(last, consumer) || isRetried(entry)) return [];
  const most = consumer.config.max_deliver;
  const end = most === undefined || most < 0 ? "" : `; after ${most} deliveries a person is asked`;
  return [
    {
      found: `${again} of the ${held} dispatches that ${name} was given came back without an answer and were delivered again${end}`,
      action: `Read the end of ${name}'s log. If it dies of this one each time: \`baton pause ${entry.candidateId} --why …\`, mend that, \`baton resume ${entry.candidateId} --why …\`.`,
    },
  ];
}

/** Failed attempts that the lane reported are delivered again on purpose. */
function isRetried({ reason, attempt }: Entry): boolean {
  return reason === "RETRY_BACKOFF" || attempt > 0;
}

function isDelivered(last: StoredEntry, { delivered, ack_floor: floor }: ConsumerNumbers): boolean {
  const dispatch = awaitedDispatch(last);
  return dispatch !== undefined && dispatch > floor.stream_seq && dispatch <= delivered.stream_seq;
}

/** The explanation with what is in the way; its action is the first one's. */
export function withObstacles<E extends Explanation>(said: E, obstacles: readonly Obstacle[]): E {
  const [first] = obstacles;
  if (!first) return said;
  const found = obstacles.map((one) => withoutStop(one.found)).join("; ");
  return {
    ...said,
    sentence: `${withoutStop(said.sentence)}. But ${found}.`,
    action: first.action,
  };
}

function withoutStop(sentence: string): string {
  return sentence.endsWith(".") ? sentence.slice(0, -1) : sentence;
}
