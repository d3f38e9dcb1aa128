/** The journal that the real engine reads, as the coordinator would have written it: it holds main against it. */
import { StrategyConfigMap, StrategyLimits, StrategySettings } from "@baton/artifacts";
import type { Mesh } from "@baton/mesh";
import { digestOf, notionalAt } from "@baton/playbook";
import { sampleEntry, type SampleChanges } from "@baton/testkit";
import { readYaml } from "@baton/text";
import { strategyText } from "@baton/views";

let journal: Mesh["journal"] | undefined;

/** The journal of the mesh that this file's engine reads. */
export function useJournal(of: Mesh["journal"]): void {
  journal = of;
}

async function append(candidateId: string, over: SampleChanges): Promise<void> {
  if (journal === undefined) return;
  const history = await journal.history(candidateId);
  // A stage run is handed over once, however often it is delivered.
  if (history.some(({ entry }) => entry.stage === over.stage && entry.runId === over.runId)) return;
  const last = history.at(-1);
  const n = (last?.entry.n ?? 0) + 1;
  const before = last ? { spec: last.entry.basis.spec, promoted: true } : {};
  const entry = sampleEntry({ candidateId, n, prev: last?.sequence ?? 0, ...before, ...over });
  const { kind } = await journal.append(entry);
  if (kind !== "stored") throw new Error(`${candidateId} wasn't stored`);
}

/** That this run's shadow-paper reported the strategy in the file. */
export async function reported(candidateId: string, runId: string, text: string): Promise<void> {
  const { data } = StrategyConfigMap.parse(readYaml(text, { maxCharacters: 1_000_000 }));
  const limits = StrategyLimits.parse(JSON.parse(data["limits.json"]));
  const promotion = { target: "live" as const, notional: Math.max(limits.notional, 1) * 20 };
  const ground = { ...limits, level: "L0" as const, notional: notionalAt("L0", promotion) };
  const settings = StrategySettings.parse(JSON.parse(data["strategy.json"]));
  const sha256 = digestOf(strategyText(settings, { ...ground, enabled: true }));
  const name = "paper-candidate/strategy-configmap-patch.yaml";
  await append(candidateId, {
    stage: "live-ramp",
    holder: "lane-e",
    runId,
    promoted: true,
    spec: { promotion },
    artifacts: [{ name, sha256, bytes: text.length, stage: "shadow-paper", runId }],
  });
}

/** That lane F has this stage in hand. */
export async function dispatched(candidateId: string, stage: string, runId: string): Promise<void> {
  await append(candidateId, { stage, holder: "lane-f", runId });
}
