/** Does for the mesh what coordinator and lanekit do around a stage: the engine holds main against it. */
import type { StageContext } from "@baton/lanekit";
import { type Mesh, openMesh } from "@baton/mesh";
import { sampleEntry } from "@baton/testkit";

let mesh: { readonly journal: Mesh["journal"]; readonly url: string } | undefined;

/** The mesh that this file's engine reads. */
export function useMesh(of: { readonly journal: Mesh["journal"]; readonly url: string }): void {
  mesh = of;
}

/** The context, which stores also in the mesh, in lane E's name. */
export function writingDown<T extends StageContext>(
  context: T,
  url: string | undefined = mesh?.url,
): T {
  if (url === undefined) throw new Error("no mesh was started");
  const put = context.put.bind(context);
  context.put = async (name, bytes) => {
    await using own = await openMesh({ url, name: "lane-e", storesAs: "lane-e" });
    await own.artifacts.put(bytes);
    return put(name, bytes);
  };
  return context;
}

/** Appends the entry that hands this stage over: the engine holds main against it. */
export async function dispatched(context: Omit<StageContext, "lane">): Promise<void> {
  if (mesh === undefined) throw new Error("no mesh was started");
  const { journal } = mesh;
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
  if (kind !== "stored") throw new Error(`${candidateId} wasn't stored`);
}
