/**
 * Turns happenings into journal entries: load the last entry, fetch evidence, let the core decide, append through the fence.
 *
 * C1: whoever loses the fence reloads and decides again; nothing is ever appended on an entry that isn't the last.
 * C2: a happening is acknowledged only after its entry is stored, or after the core said that nothing follows.
 * C3: a refusal that was decided on an assumed entry is decided again on the journal's own.
 * C4: a candidate is handed to a promoting stage only under the mesh's controls as the stream has them at that moment.
 * C5: nothing is decided while something of the mesh's history is lost, or while the controls aren't known.
 * C6: a candidate whose last entry only a newer release can judge is left alone (NeedsNewer).
 */
import {
  type EvidenceRecord,
  isDispatch,
  type StoredControls,
  type StoredEntry,
  type StoredWhole,
  earlierOf,
} from "@baton/contracts";
import { type ControlWatch, type Mesh, Unavailable } from "@baton/mesh";
import {
  decide,
  type Decision,
  evidenceNeeded,
  type Happening,
  type Playbook,
  type Question,
  stageRule,
  waitsForKillSwitch,
} from "@baton/playbook";
import type { Log } from "@baton/telemetry";
import { particularsOf } from "@baton/views";

import { type EntryCache, openEntryCache } from "./entry-cache.ts";
import { gatherEvidence } from "./gather-evidence.ts";
import type { HistoryKeeper } from "./history-keeper.ts";
import { openMailboxes } from "./mailboxes.ts";
import { lastKnown, NeedsNewer } from "./needs-newer.ts";
import type { PlaybookShelf } from "./playbook-shelf.ts";

/** What became of a happening. */
export type Settled =
  | { readonly kind: "appended"; readonly stored: StoredEntry }
  | { readonly kind: "ignored"; readonly why: string; readonly last: StoredWhole | undefined }
  | Extract<Decision, { kind: "reject" }>;

/** What the coordinator works with. */
export interface CoordinatorParts {
  readonly mesh: Pick<Mesh, "journal" | "artifacts">;
  readonly controls: Pick<ControlWatch, "current" | "refresh">;
  readonly history: Pick<HistoryKeeper, "refuse">;
  readonly playbooks: PlaybookShelf;
  readonly log: Log;
  /** Bound of the remembered entries, in bytes of JSON. */
  readonly cacheBytes: number;
  /** Told about every entry appended here. */
  readonly onAppended: (stored: StoredEntry) => void;
  readonly onFenced: () => void;
  /** Told about what only a newer release can decide. */
  readonly onNewer: (needs: NeedsNewer) => void;
}

/** Decides happenings, one at a time per candidate. */
export interface Coordinator {
  settle(candidateId: string, happening: Happening): Promise<Settled>;
  /** Candidates with something under way. */
  busy(): number;
}

/** Another coordinator can win the fence now and then, not for ever. */
const MAX_FENCED = 50;

/** Of an artifact that an earlier entry brought. */
const BROUGHT_BYTES = 400;

/** Opens a coordinator. */
export function openCoordinator(parts: CoordinatorParts): Coordinator {
  const mailboxes = openMailboxes();
  const cache = openEntryCache(parts.cacheBytes);
  const { journal } = parts.mesh;

  const settle = async (candidateId: string, happening: Happening): Promise<Settled> => {
    parts.history.refuse();
    let assumed = assume(cache, candidateId, happening);
    for (let fenced = 0; fenced <= MAX_FENCED;) {
      const last = assumed ? assumed.last : await lastKnown(journal, candidateId);
      const considered = consider(parts, last, happening);
      // Most need nothing that has to be waited for.
      const { decision, promotes: once } =
        considered instanceof Promise ? await considered : considered;
      if (decision.kind === "append") {
        // Decided before an outage, a promotion must not be stored after it: the kill switch may be engaged by then (C4).
        const appended = await journal.append(decision.entry, { once });
        if (appended.kind === "stored") {
          const { sequence, sha256, bytes } = appended;
          const { entry } = decision;
          const stored = { sequence, sha256, entry, earlier: earlierOf(entry.basis, last) };
          cache.set(stored, bytes + brought(stored));
          logMove(parts.log, stored);
          parts.onAppended(stored);
          return { kind: "appended", stored };
        }
        fenced += 1;
        parts.onFenced();
      } else if (assumed === undefined) {
        return decision.kind === "ignore" ? { kind: "ignored", why: decision.why, last } : decision;
      }
      cache.forget(candidateId);
      assumed = undefined;
    }
    throw new Error(`${candidateId}: the fence was lost ${MAX_FENCED} times in a row`);
  };
  return {
    settle: (candidateId, happening) =>
      mailboxes
        .post(candidateId, () => settle(candidateId, happening))
        .catch((error: unknown) => {
          if (error instanceof NeedsNewer) parts.onNewer(error);
          throw error;
        }),
    busy: () => mailboxes.size,
  };
}

/** What the earlier entries that it names take as JSON, about: it is kept with it. */
function brought({ earlier, entry }: StoredWhole): number {
  return earlier.length === 0 ? 0 : BROUGHT_BYTES * (entry.artifacts.length + 1);
}

/** What can be taken for the last entry without asking; the fence or C3 finds out where it's wrong. */
function assume(
  cache: EntryCache,
  candidateId: string,
  happening: Happening,
): { last: StoredWhole | undefined } | undefined {
  if (happening.kind === "command") {
    return happening.command.type === "submit" ? { last: undefined } : undefined;
  }
  const last = happening.kind === "report" ? cache.get(candidateId) : undefined;
  return last && { last };
}

/** A decision, and whether it hands the candidate to a promoting stage. */
interface Considered {
  readonly decision: Decision;
  readonly promotes: boolean;
}

function consider(
  parts: CoordinatorParts,
  last: StoredWhole | undefined,
  happening: Happening,
): Considered | Promise<Considered> {
  const { current } = parts.playbooks;
  if (last && last.entry.playbook !== current.digest)
    return considerOnOther(parts, last, happening);
  return considerOn(current, parts, { last, happening });
}

async function considerOnOther(
  parts: CoordinatorParts,
  last: StoredWhole,
  happening: Happening,
): Promise<Considered> {
  const playbook = await parts.playbooks.byDigest(last.entry.playbook);
  return considerOn(playbook, parts, { last, happening });
}

function considerOn(
  playbook: Playbook,
  parts: CoordinatorParts,
  on: { last: StoredWhole | undefined; happening: Happening },
): Considered | Promise<Considered> {
  const { last, happening } = on;
  const decideOn = (evidence: EvidenceRecord | null): Considered | Promise<Considered> => {
    const question = { last, happening, playbook, evidence };
    const known = parts.controls.current();
    if (!known) throw new Unavailable("the mesh's controls weren't read yet");
    const decision = decideNow(question, known);
    if (!isPromotion(decision, playbook)) return { decision, promotes: false };
    return considerPromotion(parts, question, { decision, known });
  };
  const needed = evidenceNeeded(last, happening, playbook);
  return needed ? gatherEvidence(needed, parts.mesh.artifacts).then(decideOn) : decideOn(null);
}

type Undated = Omit<Question, "now" | "controls">;

/** C4: what was read a moment ago isn't good enough for what changes what runs. */
async function considerPromotion(
  parts: CoordinatorParts,
  question: Undated,
  { decision, known }: { decision: Decision; known: StoredControls },
): Promise<Considered> {
  const controls = await parts.controls.refresh();
  const again = controls.sequence === known.sequence ? decision : decideNow(question, controls);
  return { decision: again, promotes: isPromotion(again, question.playbook) };
}

function decideNow(question: Undated, controls: StoredControls): Decision {
  return decide({ ...question, controls, now: new Date().toISOString() });
}

function isPromotion(decision: Decision, playbook: Playbook): boolean {
  if (decision.kind !== "append" || !isDispatch(decision.entry)) return false;
  return waitsForKillSwitch(playbook, stageRule(playbook, decision.entry.stage));
}

/** The log line of a move; its spans are made from what is stored. */
function logMove(log: Log, { entry, sequence }: StoredEntry): void {
  if (!log.isLevelEnabled("info")) return;
  const { candidateId, runId, stage, reason, holder } = entry;
  const traceId = entry.trace.slice(3, 35);
  log.info({ candidateId, runId, stage, holder, reason, sequence, traceId }, particularsOf(entry));
}
