/** A mesh of real processes for the command line: server, coordinator, lane-a that does nothing. lane-b is the test itself. */

import { join } from "node:path";

import { type ArtifactRef, Report, type StoredEntry } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import {
  eventually,
  type SpawnedService,
  spawnService,
  startTestNats,
  TEST_PLAYBOOK,
  type TemporaryFolder,
  temporaryFolder,
  type TestNats,
} from "@baton/testkit";

/** The running mesh. */
export interface CliMesh {
  readonly nats: TestNats;
  readonly url: string;
  readonly folder: TemporaryFolder;
  readonly mesh: Mesh;
  readonly coordinator: SpawnedService;
  /** Waits until the candidate's last entry is at `stage` with `holder`. */
  standsAt(candidateId: string, holder: string, stage: string): Promise<StoredEntry>;
  /** Waits until the candidate's last entry has this reason. */
  standsFor(candidateId: string, reason: string): Promise<void>;
  stop(this: void): Promise<void>;
}

/** Starts it; about two seconds. */
export async function startCliMesh(): Promise<CliMesh> {
  const nats = await startTestNats();
  const folder = temporaryFolder("cli-mesh");
  const common = { BATON_NATS_URL: nats.url, BATON_LOG_LEVEL: "warn" };
  const coordinator = spawnService("apps/coordinator/src/main.ts", {
    ...common,
    BATON_PLAYBOOK: TEST_PLAYBOOK,
  });
  const lane = spawnService("test/bench/src/noop-lane.ts", {
    ...common,
    BATON_LANE: "lane-a",
    BATON_BENCH_LOG: join(folder.path, "lane-a.log"),
  });
  await Promise.all([coordinator.ready(30_000), lane.ready(30_000)]);
  const mesh = await openMesh({ url: nats.url, name: "cli-test" });
  return {
    nats,
    url: nats.url,
    folder,
    mesh,
    coordinator,
    standsAt: (candidateId, holder, stage) =>
      eventually(
        async () => {
          const last = await mesh.journal.last(candidateId);
          return last?.entry.holder === holder && last.entry.stage === stage ? last : undefined;
        },
        { what: `${candidateId} at ${stage} with ${holder}`, withinMs: 10_000 },
      ),
    standsFor: async (candidateId, reason) => {
      await eventually(
        async () => (await mesh.journal.last(candidateId))?.entry.reason === reason,
        {
          what: `${candidateId} stands for ${reason}`,
        },
      );
    },
    stop: async () => {
      await mesh[Symbol.asyncDispose]();
      await Promise.all([coordinator.stop(), lane.stop()]);
      folder.remove();
      await nats.stop();
    },
  };
}

/** What lane-b says. */
export type Answer =
  | { readonly kind: "pass"; readonly artifacts?: readonly ArtifactRef[] }
  | { readonly kind: "attempt-failed"; readonly attempt: number };

/** Stores a report on the dispatch that `last` is, in the name of lane-b. */
export async function answerAsLaneB(
  { mesh }: Pick<CliMesh, "mesh">,
  last: StoredEntry,
  answer: Answer,
): Promise<void> {
  const { entry, sequence } = last;
  const { candidateId, stage, runId, trace } = entry;
  const time = new Date().toISOString();
  const attempt = answer.kind === "attempt-failed" ? answer.attempt : 1;
  const common = {
    v: 1,
    candidateId,
    stage,
    runId,
    time,
    trace,
    lane: "lane-b",
    answers: entry.awaits === 0 ? sequence : entry.awaits,
    attempt,
    startedAt: time,
    handoff: null,
  };
  const id = `${candidateId}.${stage}.${runId}`;
  const failure = {
    class: "transient",
    code: "E_DATA_UNAVAILABLE",
    message: "the data source is away",
    action: "Wait.",
  };
  const report =
    answer.kind === "pass"
      ? {
          ...common,
          id,
          type: "result",
          outcome: {
            kind: "done",
            verdict: "pass",
            summary: "all well",
            artifacts: answer.artifacts ?? [],
          },
        }
      : { ...common, id: `${id}.attempt-${attempt}`, type: "attempt", failure, retryAt: time };
  await mesh.reports.store(Report.parse(report));
}

/** Content of the report file that `passWithReport` stores; a terminal would obey it. */
export const REPORT = "\u001b[2Jreport\n";

/** Stores a report file, and lane-b's pass that names it. */
export async function passWithReport(on: Pick<CliMesh, "mesh">, last: StoredEntry): Promise<void> {
  const content = Buffer.from(REPORT);
  const sha256 = await on.mesh.artifacts.put(content);
  const { stage, runId } = last.entry;
  const artifact = { name: "gates/report.md", sha256, bytes: content.length, stage, runId };
  await answerAsLaneB(on, last, { kind: "pass", artifacts: [artifact] });
}
