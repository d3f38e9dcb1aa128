/** Asks those who must act on a candidate next, and looks at what runs of it. */
import { LANES, type StoredEntry } from "@baton/contracts";
import { askHealth } from "@baton/mesh";
import { UserError } from "@baton/text/user-error";
import { differenceText } from "@baton/views";

import { readApprovalQuestion } from "../reading/approval-question.ts";
import { readRunning } from "../reading/read-running.ts";
import { readSome } from "../reading/read-services.ts";
import { historyOf } from "../reading/refuse-lost.ts";
import type { Session } from "../session/session.ts";
import { lossFindings } from "./examine-history.ts";
import type { ConsumerNumbers } from "./examine-streams.ts";
import { engineObstacles, type Obstacle, obstaclesOf, uncompared } from "./obstacles.ts";

const ENGINE = "paper-engine";
const ENGINE_MS = 2000;

/** All of them, the worst first; `consumer` is the lane's, `now` milliseconds since 1970. */
export async function findObstacles(
  session: Session,
  last: StoredEntry,
  { consumer, now }: { readonly consumer: ConsumerNumbers | undefined; readonly now: number },
): Promise<Obstacle[]> {
  const found = await Promise.all([
    runningObstacles(session, last),
    engineSaid(session, last),
    unseenObstacles(session, last),
    askedObstacles(session, last, { consumer, now }),
  ]);
  const obstacles = found.flat();
  if (obstacles.length === 0) return [];
  // While history is lost all of them may follow from that.
  const lost = await lossObstacles(session);
  return lost.length > 0 ? lost : obstacles;
}

/** What can't be asked is said by who needs it. */
async function lossObstacles(session: Session): Promise<Obstacle[]> {
  const state = await historyOf(session).catch(() => undefined);
  if (state?.kind !== "lost") return [];
  const services = await readSome(session, ["coordinator"]);
  return lossFindings(state, services).map(({ found, repair = "" }) => ({ found, action: repair }));
}

/** Of what may run the engine knows more than main. */
async function engineSaid(session: Session, { entry }: StoredEntry): Promise<Obstacle[]> {
  if (entry.promoted === undefined) return [];
  const answers = await askHealth(session.nc, [ENGINE], ENGINE_MS);
  return engineObstacles(answers.get(ENGINE) ?? [], entry.candidateId);
}

async function askedObstacles(
  session: Session,
  last: StoredEntry,
  { consumer, now }: { readonly consumer: ConsumerNumbers | undefined; readonly now: number },
): Promise<Obstacle[]> {
  const { holder } = last.entry;
  if (holder === "closed") return [];
  const held = LANES.find((lane) => lane === holder);
  const views = await readSome(session, [...(held ? [held] : []), "coordinator"]);
  const coordinator = views.at(-1);
  const lane = held ? views[0] : undefined;
  if (!coordinator) return [];
  const dataDir = session.address.up?.dataDir;
  return obstaclesOf(last, { lane: lane && { lane, consumer }, coordinator, now, dataDir });
}

/** `approve` refuses on evidence that can't be seen, so nobody is told to approve then. */
async function unseenObstacles(session: Session, { entry }: StoredEntry): Promise<Obstacle[]> {
  if (entry.reason !== "APPROVAL_REQUIRED") return [];
  try {
    await readApprovalQuestion(session, entry);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ found: error.details.message, action: error.details.action }];
  }
}

/** Whether main and the broker have what the journal says of it. */
async function runningObstacles(session: Session, { entry }: StoredEntry): Promise<Obstacle[]> {
  if (entry.promoted === undefined) return [];
  try {
    const { candidateId } = entry;
    const compared = await readRunning(session, {
      known: new Set([candidateId]),
      entries: async () => [entry],
    });
    const differences = compared?.differences ?? [];
    return differences
      .filter((one) => one.candidateId === candidateId)
      .map((one) => differenceText(one, compared?.repository ?? ""));
  } catch (error) {
    return [uncompared(error, entry)];
  }
}
