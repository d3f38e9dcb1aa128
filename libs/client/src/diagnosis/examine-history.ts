/** The mesh's history: is it as whole as is known of it, and does it account for what runs? */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { HISTORY_STREAMS, lossText } from "@baton/contracts";
import { recentActions, type Remote } from "@baton/gitops";
import { findLosses, type HistoryState, type KnownMarks } from "@baton/mesh";

import { meshDirectory } from "../here/mesh-directory.ts";
import { knownOutside, type Unread } from "../reading/known-outside.ts";
import type { ServiceView } from "../reading/read-services.ts";
import type { Session } from "../session/session.ts";
import { fault, type Finding, ok, remark } from "./finding.ts";

/** What is looked at, and where something outside of the server may know of it. */
interface Examined extends Pick<Session, "nc" | "jsm"> {
  readonly address: { readonly up?: { readonly dataDir: string } | undefined };
}

const ABOUT = "history";
/** Actions on main that are held against the journal: the latest ones of what is still there. */
const ACTIONS = 200;
/** Most that are named one by one. */
const NAMED = 10;

/** The coordinator's check that says what it knows of a loss. */
const CHECK = "history";

/**
 * Whether something is lost; with `baton up` also what main has that no entry accounts for. `services`: what they say themselves,
 * asked only where something is lost.
 */
export async function examineHistory(
  session: Examined,
  services: () => Promise<readonly ServiceView[]>,
): Promise<Finding[]> {
  const root = session.address.up?.dataDir;
  const findingsOf = async (state: HistoryState, known: readonly KnownMarks[]) =>
    state.kind === "lost" ? lossFindings(state, await services()) : wholeFindings(state, known);
  if (root === undefined) return findingsOf(await findLosses(session, []), []);
  const cacheDir = await mkdtemp(join(tmpdir(), "baton-doctor-"));
  try {
    const remote = { repository: meshDirectory(root).gitops, cacheDir };
    const { known, unread } = await knownOutside(root, remote);
    const state = await findLosses(session, known);
    const unaccounted = await examineMain(session, remote);
    return [...(await findingsOf(state, known)), ...unread.map(unreadFinding), ...unaccounted];
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
}

/** What the state means. */
function wholeFindings(state: HistoryState, known: readonly KnownMarks[]): Finding[] {
  if (state.kind === "new") return [remark(ABOUT, "nothing was ever decided here")];
  const ends = HISTORY_STREAMS.map((stream) => `${stream} ${state.heads[stream]?.last ?? 0}`);
  const by = ["the streams of one another", ...known.map((one) => one.by)].join(", ");
  return [ok(ABOUT, `whole as far as is known by ${by}: ${ends.join(", ")}`)];
}

/** What the coordinators themselves make of it: marks that lie outside they read at their start alone. */
function meansNow(services: readonly ServiceView[]): string {
  const processes = services.find(({ name }) => name === "coordinator")?.processes ?? [];
  const checks = processes.flatMap((one) => one.checks.filter(({ name }) => name === CHECK));
  return checks.some(({ ok: isWhole }) => isWhole)
    ? "A coordinator knows of no loss and goes on deciding; the next that starts refuses everything but stops. First look who wrote what is known here (on main: `git log --grep=Baton-Mark`): a mark that nobody of the mesh wrote has to be taken back. `baton kill-switch engage --why …` stops the mesh. If history is lost:"
    : "Nothing is decided, promoted or increased.";
}

/** What is lost of the history, and what that means as long as `services` say what they do. */
export function lossFindings(state: HistoryState, services: readonly ServiceView[]): Finding[] {
  const repair = `${meansNow(services)} Stop the mesh and bring the streams back from the latest copy. Only if there is none: \`baton accept-loss ${state.lossId ?? "LOSS"} --why …\`, with the id that a refused command names.`;
  return state.losses.map((loss) => ({
    ...fault(ABOUT, `E_LOG_RESET ${lossText(loss)}`, repair),
    loss: true as const,
  }));
}

/** Who can't be asked may know of a loss. */
function unreadFinding({ by, why, where }: Unread): Finding {
  return fault(ABOUT, `${by} can't be read: ${why}`, `Look at ${where}.`);
}

/** What took effect on main and is there still, held against the journal. */
async function examineMain(session: Examined, remote: Remote): Promise<Finding[]> {
  const about = "main";
  const actions = await recentActions(remote, ACTIONS).catch(() => undefined);
  // That main can't be read is said already.
  if (!actions) return [];
  const unaccounted: string[] = [];
  for (const { stageRun, commit } of actions) {
    const [candidateId, stage, runId] = stageRun.split(".");
    const subject = `baton.journal.*.${candidateId}.${stage}.${runId}`;
    const entry = await session.jsm.streams
      .getMessage("JOURNAL", { last_by_subj: subject })
      .catch(() => null);
    if (!entry) unaccounted.push(`${stageRun} as ${commit.slice(0, 12)}`);
  }
  if (unaccounted.length === 0)
    return [ok(about, `the journal accounts for what is on it (${actions.length} actions)`)];
  const repair =
    "History was lost or went back: find out what should run. To take a strategy out, remove its file on main; the engine runs it down.";
  return unaccounted
    .slice(0, NAMED)
    .map((what) => fault(about, `has ${what}, which no entry accounts for`, repair))
    .concat(
      unaccounted.length > NAMED
        ? [fault(about, `${unaccounted.length - NAMED} more such actions`, repair)]
        : [],
    );
}
