/** Writes down in the journal that a stage was handed over, as the coordinator does before a lane hears of it. */
import type { StageContext } from "@baton/lanekit";
import type { Mesh } from "@baton/mesh";
import { sampleEntry } from "@baton/testkit";

type Journal = Pick<Mesh, "journal">["journal"];

let journal: Journal | undefined;

/** The journal of the mesh that this file's engine reads. */
export function useJournal(of: Journal): void {
  journal = of;
}

/** Appends the entry that hands this stage over: the engine holds main against it. */
export async function dispatched(context: Omit<StageContext, "lane">): Promise<void> {
  if (journal === undefined) throw new Error("no mesh was started");
  const { candidateId, runId, stage, spec, inputs } = context;
  const last = await journal.last(candidateId);
  // A stage run is handed over once, however often it is delivered.
  if (last?.entry.stage === stage && last.entry.runId === runId) return;
  const n = (last?.entry.n ?? 0) + 1;
  const entry = sampleEntry({
    candidateId,
    runId,
    stage,
    spec,
    n,
    prev: last?.sequence ?? 0,
    holder: "lane-e",
    visited: [...new Set(["shadow-paper", stage])],
    artifacts: inputs.map((ref) =>
      ref.name.startsWith("paper-candidate/") ? { ...ref, stage: "shadow-paper" } : ref,
    ),
  });
  const { kind } = await journal.append(entry);
  if (kind !== "stored") throw new Error(`${entry.id} wasn't stored`);
}
