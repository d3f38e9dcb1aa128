import { createHash } from "node:crypto";

import {
  type ArtifactRef,
  canonicalJson,
  Entry,
  type WholeEntry,
  type ResultReport,
} from "@baton/contracts";
import { contradictionIn, normalSpec, specDigest } from "@baton/lineage";
import { evidenceFor, parsePlaybook } from "@baton/playbook";
import { sampleEntry, startTestMesh, type TestMesh } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { gatherEvidence } from "./gather-evidence.ts";

let place: TestMesh;
beforeAll(async () => {
  place = await startTestMesh();
});
afterAll(() => place.stop());

const SUBMITTED = {
  schema: "baton.candidate.v1",
  name: "Sample",
  thesis: "What rose goes on rising for a while.",
  universe: [{ instrument: "SPX" }],
  strategy: { plugin: "sma-cross", grid: [{ fast: 10, slow: 50 }] },
  regimes: [{ name: "any", expectation: "Earns." }],
  expectation: { metric: "sharpe", atLeast: 0.4 },
  promotion: { target: "shadow", notional: 1000 },
};
const NAME = "research/candidate-spec.json";

/** Lane A's reading of a specification, as it would store it. */
function readingOf({ candidateId, runId }: WholeEntry, document: unknown): string {
  const spec = normalSpec(document);
  if (spec === undefined) throw new Error("not a specification");
  const range = (rows: number) => ({ rows, start: "2001-01-02", end: "2011-01-02" });
  const [parameters] = spec.strategy.grid;
  return canonicalJson({
    schemaVersion: "baton.candidate-spec.v1",
    candidateId,
    runId,
    specSha256: specDigest(spec),
    spec,
    trials: [
      {
        index: 0,
        parameters,
        warmUpRows: 49,
        features: [{ name: "close", definition: "the close", lookbackRows: 0 }],
      },
    ],
    declaredTrials: 1,
    datasets: [
      { instrument: "SPX", sha256: "d".repeat(64), research: range(2000), holdout: range(252) },
    ],
  });
}

const policy = {
  maxRetries: 0,
  initialBackoffSeconds: 0,
  backoffMultiplier: 1,
  maxBackoffSeconds: 0,
  autopauseAfterFailures: 5,
};
const parsed = parsePlaybook({
  version: "baton-playbook-v1",
  stages: [
    {
      stage: "research-intake",
      lane: "lane-a",
      requirePreviousArtifact: false,
      requirePreviousGatePass: false,
    },
  ],
  transitions: { "research-intake": [] },
  failurePolicies: { transient: policy, deterministic: policy, spec: policy, policy },
});

/** What the coordinator verifies about a result of research-intake whose artifact has this text. */
async function verified(entry: WholeEntry, text: string) {
  if (!parsed.ok) throw new Error(parsed.faults.join("; "));
  const bytes = new TextEncoder().encode(text);
  const { stage, runId } = entry;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const ref: ArtifactRef = { name: NAME, sha256, bytes: bytes.length, stage, runId };
  expect(await place.mesh.artifacts.put(bytes)).toBe(sha256);
  const report: ResultReport = {
    v: 1,
    id: "result-1",
    candidateId: entry.candidateId,
    stage,
    runId,
    time: entry.time,
    trace: entry.trace,
    type: "result",
    lane: "lane-a",
    answers: 1,
    attempt: 1,
    startedAt: entry.time,
    handoff: null,
    outcome: { kind: "done", verdict: "pass", summary: "read", artifacts: [ref] },
  };
  const request = evidenceFor(report, entry, parsed.playbook);
  if (!request) throw new Error("there is an artifact to look at");
  expect(contradictionIn(request.root, ref, () => text)).toBe(
    (await gatherEvidence(request, place.mesh.artifacts)).contradictions?.[NAME],
  );
  return gatherEvidence(request, place.mesh.artifacts);
}

test("J2: a lane's reading of the specification is held against the one that was dispatched", async () => {
  const entry = sampleEntry({ spec: SUBMITTED });
  expect(await verified(entry, readingOf(entry, SUBMITTED))).toEqual({
    artifacts: { [NAME]: "present" },
    gate: null,
  });
  const forged = { ...SUBMITTED, promotion: { target: "live", notional: 50_000_000 } };
  const evidence = await verified(entry, readingOf(entry, forged));
  expect(evidence.contradictions?.[NAME]).toMatch(/^spec.promotion is .*50000000.*1000/);
  // What was verified travels in the entry, so that a replay decides on the same (J10).
  expect(Entry.parse({ ...entry, evidence }).evidence).toEqual(evidence);
});
