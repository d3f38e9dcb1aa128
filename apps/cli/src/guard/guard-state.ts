/** The state file of the guard: what a pipeline knows about a candidate. */
import { faultyInput, readInputText } from "./input-file.ts";
import { parseJsonSource } from "./json-source.ts";

/** What of a state file the guard reads. */
export interface GuardState {
  /** As it stands in the file, without blanks around it; empty if absent. */
  readonly candidateId: string;
  readonly runId: string;
  readonly activeStage: string | null;
  readonly paused: boolean;
  readonly failureCounts: Readonly<Record<string, number>>;
}

const MAX_BYTES = 1024 * 1024;
const MAX_NAME = 200;
const MAX_COUNT = 1_000_000;

/** Reads a state file; throws `UserError` E_INVALID naming every fault with its JSON path and line. */
export async function readGuardState(path: string): Promise<GuardState> {
  const of = { name: "--state", path };
  const source = parseJsonSource(await readInputText({ ...of, maxBytes: MAX_BYTES }));
  if (!source.ok) throw faultyInput(of, [source.fault]);
  const faults = [...source.faults()];
  const reader = readerOf(source.value, (at, what) => faults.push(`${source.where(at)}: ${what}`));
  const state = {
    candidateId: reader.name("candidateId", "candidate_id"),
    runId: reader.name("runId", "run_id"),
    activeStage: reader.name("activeStage"),
    paused: reader.flag("paused"),
    failureCounts: reader.counts("failureCounts"),
  };
  if (faults.length > 0) throw faultyInput(of, faults);
  return { ...state, activeStage: state.activeStage === "" ? null : state.activeStage };
}

interface Reader {
  /** The text of the first key that has one, without blanks around it; both must agree. */
  name(key: string, alias?: string): string;
  flag(key: string): boolean;
  counts(key: string): Record<string, number>;
}

/** Checked by hand: a schema library costs more time than the guard has. */
function readerOf(value: unknown, report: (at: readonly string[], what: string) => void): Reader {
  if (!isObject(value)) report([], "must be an object");
  const text = (key: string): string | undefined => {
    const found = own(value, key) ?? undefined;
    if (found === undefined) return undefined;
    if (typeof found === "string" && found.length <= MAX_NAME) return found.trim();
    report([key], `must be a text of at most ${MAX_NAME} characters`);
    return undefined;
  };
  return {
    name: (key, alias) => {
      const [one, other] = [text(key), alias === undefined ? undefined : text(alias)];
      const differ = one !== undefined && other !== undefined && one !== other;
      // A file that names the same thing twice and differently can't be trusted with either.
      if (differ) report([key], `must be the same as ${alias}`);
      return one ?? other ?? "";
    },
    flag: (key) => {
      const found = own(value, key) ?? false;
      if (typeof found !== "boolean") report([key], "must be true or false");
      return found === true;
    },
    counts: (key) => {
      const found = own(value, key) ?? {};
      if (!isObject(found)) report([key], "must be an object of whole numbers by stage");
      const counts = isObject(found) ? Object.entries(found) : [];
      const wrong = counts.filter(([, count]) => !isCount(count));
      for (const [stage] of wrong)
        report([key, stage], `must be a whole number from 0 to ${MAX_COUNT}`);
      return Object.fromEntries(counts.map(([stage, count]) => [stage, Number(count)]));
    },
  };
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_COUNT;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(value: unknown, key: string): unknown {
  return isObject(value) ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
}
