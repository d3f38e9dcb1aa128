/** Journal entries that account for tests' strategies, as the coordinator would have written them. */
import { RAMP_LEVELS, type RampLevel, type StrategySettings } from "@baton/artifacts";
import { type WholeEntry, wholeOf } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import { digestOf, notionalAt } from "@baton/playbook";
import { sampleEntry, sayingAll, type SampleChanges } from "@baton/testkit";
import { strategyText } from "@baton/views";

import type { JournalReader } from "../accounts.ts";

/** What tests' candidates are promoted for. */
const PROMOTION = { target: "live", notional: 2_000_000 } as const;
const RUN = "run-000000000001";

/** The digest by which shadow-paper would have reported it. */
export function reportedDigest(settings: StrategySettings): string {
  return digestOf(textAt(settings, "L0"));
}

function textAt(settings: StrategySettings, level: RampLevel): string {
  return strategyText(settings, {
    schemaVersion: "baton.strategy-limits.v1",
    level,
    notional: notionalAt(level, PROMOTION),
    enabled: true,
  });
}

/** Stores the strategy's files in lane E's name, as its stages do before they put them on main. */
export async function writeDown(
  natsUrl: string,
  settings: StrategySettings,
  levels: readonly RampLevel[] = RAMP_LEVELS,
): Promise<void> {
  await using mesh = await openMesh({ url: natsUrl, name: "lane-e", storesAs: "lane-e" });
  for (const level of levels)
    await mesh.artifacts.put(new TextEncoder().encode(textAt(settings, level)));
}

/** The entry that hands the candidate to live-ramp, after shadow-paper reported `sha256`. */
export function rampEntry(
  candidateId: string,
  sha256: string,
  over: SampleChanges = {},
): WholeEntry {
  return sampleEntry({
    candidateId,
    runId: RUN,
    stage: "live-ramp",
    holder: "lane-e",
    promoted: true,
    visited: ["shadow-paper", "live-ramp"],
    spec: { promotion: PROMOTION },
    artifacts: [
      {
        name: "paper-candidate/strategy-configmap-patch.yaml",
        sha256,
        bytes: 1,
        stage: "shadow-paper",
        runId: over.runId ?? RUN,
      },
    ],
    ...over,
  });
}

/** Appends to the candidate's journal; gives what is last there. */
export async function toJournal(
  { journal }: Pick<Mesh, "journal">,
  entry: WholeEntry,
): Promise<WholeEntry> {
  const last = await journal.last(entry.candidateId);
  const n = (last?.entry.n ?? 0) + 1;
  const next = sayingAll({ ...entry, n, prev: last?.sequence ?? 0 });
  const { kind } = await journal.append(next);
  if (kind !== "stored") throw new Error(`${entry.candidateId} wasn't stored`);
  return next;
}

/** A journal that accounts for what `reported` says of each candidate, for tests that are about something else. */
export function accountingJournal(reported: (candidateId: string) => string): JournalReader {
  return {
    whole: async (entry) => wholeOf(entry, []),
    last: async (candidateId) => ({
      sequence: 1,
      sha256: "0".repeat(64),
      entry: rampEntry(candidateId, reported(candidateId)),
    }),
    lastOfRun: async () => undefined,
    isOfLaneE: async () => true,
  };
}
