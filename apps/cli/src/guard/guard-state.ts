/** The state file of the guard: what a pipeline knows about a candidate. */
import { z } from "zod";

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

const Name = z.string({ error: "must be a text" }).max(200).nullish();
const StateFile = z.looseObject(
  {
    candidateId: Name,
    candidate_id: Name,
    runId: Name,
    run_id: Name,
    activeStage: Name,
    paused: z.boolean({ error: "must be true or false" }).nullish(),
    failureCounts: z
      .record(z.string(), z.int({ error: "must be a whole number" }).min(0).max(1_000_000), {
        error: "must be an object of whole numbers by stage",
      })
      .nullish(),
  },
  { error: "must be an object" },
);
type StateFile = z.infer<typeof StateFile>;

const MAX_BYTES = 1024 * 1024;

/** Reads a state file; throws `CliError` E_INVALID naming every fault with its JSON path and line. */
export async function readGuardState(path: string): Promise<GuardState> {
  const of = { name: "--state", path };
  const source = parseJsonSource(await readInputText({ ...of, maxBytes: MAX_BYTES }));
  if (!source.ok) throw faultyInput(of, [source.fault]);
  const parsed = StateFile.safeParse(source.value);
  const faults = parsed.success
    ? contradictions(parsed.data)
    : parsed.error.issues.map((issue) => {
        const at = issue.path.filter((part) => typeof part !== "symbol");
        return `${source.where(at)}: ${issue.message}`;
      });
  const all = [...source.faults(), ...faults];
  if (!parsed.success || all.length > 0) throw faultyInput(of, all);
  const { candidateId, candidate_id, runId, run_id, activeStage, paused, failureCounts } =
    parsed.data;
  const stage = (activeStage ?? "").trim();
  return {
    candidateId: (candidateId ?? candidate_id ?? "").trim(),
    runId: (runId ?? run_id ?? "").trim(),
    activeStage: stage === "" ? null : stage,
    paused: paused === true,
    failureCounts: failureCounts ?? {},
  };
}

/** A file that names the same thing twice and differently can't be trusted with either. */
function contradictions(file: StateFile): string[] {
  const pairs = [
    ["candidateId", "candidate_id"],
    ["runId", "run_id"],
  ] as const;
  return pairs.flatMap(([camel, snake]) => {
    const [one, other] = [file[camel]?.trim(), file[snake]?.trim()];
    const differ = one !== undefined && other !== undefined && one !== other;
    return differ ? [`$.${camel} and $.${snake}: must be the same`] : [];
  });
}
