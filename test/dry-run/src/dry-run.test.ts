/** The parts of a dry run that decide: what counts as different, which handoffs were free, what is comparable. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { type Report, ResultReport, type StoredReport } from "@baton/contracts";
import type { InvariantFinding } from "@baton/local-mesh";
import { afterEach, beforeEach, expect, test } from "vitest";

import { codeDigest } from "./code-digest.ts";
import { compareWithEarlier, artifactDigests } from "./compare-runs.ts";
import { newRunFolder } from "./dry-run-folder.ts";
import { entrySizesOf } from "./entry-sizes.ts";
import type { Evidence } from "./gather-evidence.ts";
import { handoffsOf } from "./handoffs.ts";
import { loadStories, STORY_NAMES } from "./stories.ts";
import { differencesOf } from "./summary.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "baton-dry-run-"));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const RUN = "run-000000000001";
const HEX = "0123456789abcdef".repeat(4);

/** A result of `lane` that worked from `startedMs` on for `tookMs`, `handoffMs` after the stage before. */
function report(
  lane: Report["lane"],
  of: { startedMs: number; tookMs: number; handoffMs: number | null; attempt?: number },
): StoredReport {
  const { startedMs, tookMs, handoffMs, attempt = 1 } = of;
  const parsed = ResultReport.parse({
    v: 1,
    id: "x",
    type: "result",
    candidateId: "cand-000000000001",
    stage: "gate-evaluation",
    runId: RUN,
    time: new Date(startedMs + tookMs).toISOString(),
    trace: `00-${HEX.slice(0, 32)}-${HEX.slice(0, 16)}-00`,
    lane,
    answers: 1,
    attempt,
    startedAt: new Date(startedMs).toISOString(),
    handoff: handoffMs === null ? null : { from: "research-intake", ms: handoffMs },
    outcome: { kind: "done", verdict: "pass", summary: "", artifacts: [] },
  });
  return { sequence: 1, storedAt: startedMs + tookMs, report: parsed };
}

const NOTHING = { spec: {}, artifacts: [], feedback: [] };

function evidenceOf(reports: readonly StoredReport[], entries: Evidence["entries"] = []): Evidence {
  return { entries, basis: NOTHING, reports, artifacts: [] };
}

test("every story has a candidate of its own but the duplicate, and another seed makes other candidates", () => {
  const stories = loadStories(undefined);
  expect(stories.map(({ name }) => name)).toEqual(STORY_NAMES);
  const ids = stories.map(({ candidateId }) => candidateId);
  expect(new Set(ids).size).toBe(8);
  expect(ids[STORY_NAMES.indexOf("duplicate")]).toBe(ids[0]);
  const seeded = loadStories(7).map(({ candidateId }) => candidateId);
  expect(seeded.filter((id) => ids.includes(id))).toEqual([]);
  expect(loadStories(7).map(({ candidateId }) => candidateId)).toEqual(seeded);
});

test("a handoff counts as one to a busy lane while the lane works on something else or is dead", () => {
  const reports = [
    report("lane-a", { startedMs: 1000, tookMs: 500, handoffMs: null }),
    // Came at 1200, while lane A was busy until 1500.
    report("lane-a", { startedMs: 1500, tookMs: 10, handoffMs: 300 }),
    report("lane-b", { startedMs: 1502, tookMs: 10, handoffMs: 2 }),
    // Came at 3000, when lane C was killed and not back yet.
    report("lane-c", { startedMs: 3900, tookMs: 10, handoffMs: 900 }),
    report("lane-d", { startedMs: 5000, tookMs: 10, handoffMs: 4000, attempt: 2 }),
  ];
  const kill = {
    lane: "lane-c",
    pid: 1,
    stage: "backtest-robustness",
    step: "bootstrap",
    workedMs: 700,
    at: new Date(2900).toISOString(),
    replacedBy: 2,
    backMs: 900,
  } as const;
  expect(handoffsOf([evidenceOf(reports)], kill)).toEqual({
    idle: { count: 1, p50Ms: 2, p99Ms: 2 },
    busy: { count: 2, p50Ms: 300, p99Ms: 900 },
  });
  expect(handoffsOf([], undefined).idle).toEqual({ count: 0, p50Ms: 0, p99Ms: 0 });
});

function finding(changes: Partial<InvariantFinding> = {}): InvariantFinding {
  return {
    id: "J1",
    title: "chain",
    checked: 5,
    unit: "entries",
    ok: true,
    violations: [],
    more: 0,
    ...changes,
  };
}

test("what counts as a difference: a story's, a violation, a check of nothing, other bytes by the same code", () => {
  const story = { name: "trend", differences: ["ended elsewhere"] } as const;
  const none = { candidateId: "", expected: "", ok: false, seen: [], end: null, action: null };
  const violated = finding({
    id: "J3",
    ok: false,
    violations: [{ where: "JOURNAL 7", what: "again" }],
    more: 2,
  });
  const comparison = { with: "earlier", sameCode: true, same: 3, differing: ["trend/x"] };
  expect(
    differencesOf({
      stories: [{ ...none, ...story }],
      invariants: [finding(), finding({ id: "J7", checked: 0, unit: "holds" }), violated],
      entries: { count: 60, mean: 2049, largest: 6145 },
      comparison,
    }),
  ).toEqual([
    "trend: ended elsewhere",
    "J7: there were no holds to check",
    "J3: JOURNAL 7 again",
    "J3: and 2 more",
    "journal entries take 2049 bytes on average, at most 2048 are right",
    "the largest journal entry takes 6145 bytes, at most 6144 are right",
    "artifact trend/x isn't the one that the same code made in earlier",
  ]);
  const changed = { ...comparison, sameCode: false };
  const entries = entrySizesOf([evidenceOf([])]);
  expect(entries).toEqual({ count: 0, mean: 0, largest: 0 });
  const right = { stories: [], invariants: [finding()], entries, comparison: changed };
  expect(differencesOf(right)).toEqual([]);
});

function earlier(name: string, summary: object): void {
  mkdirSync(join(dir, name));
  writeFileSync(join(dir, name, "summary.json"), JSON.stringify(summary));
}

test("a run is compared with the latest one of its seed, the same code first", () => {
  earlier("a", {
    startedAt: "2026-01-01T00:00:00.000Z",
    seed: 7,
    code: "c",
    artifacts: { x: "1" },
  });
  earlier("b", {
    startedAt: "2026-01-03T00:00:00.000Z",
    seed: 7,
    code: "d",
    artifacts: { x: "2" },
  });
  earlier("c", {
    startedAt: "2026-01-04T00:00:00.000Z",
    seed: 8,
    code: "c",
    artifacts: { x: "3" },
  });
  mkdirSync(join(dir, "without"));
  mkdirSync(join(dir, "mine"));
  const folder = { parent: dir, name: "mine" };
  const artifacts = { x: "1", y: "5" };
  expect(compareWithEarlier(folder, { seed: 7, code: "c", artifacts })).toEqual({
    with: join(dir, "a"),
    sameCode: true,
    same: 1,
    differing: ["y"],
  });
  expect(compareWithEarlier(folder, { seed: 7, code: "e", artifacts })).toMatchObject({
    with: join(dir, "b"),
    sameCode: false,
    differing: ["x", "y"],
  });
  expect(compareWithEarlier(folder, { seed: null, code: "c", artifacts })).toBeNull();
});

test("artifacts that hold times aren't compared", () => {
  const ref = { sha256: HEX, bytes: 1, stage: "live-ramp", runId: RUN };
  const names = ["gates/live-ramp.json", "observed/live-ramp-rollout.json"];
  const artifacts = names.map((name) => ({ ref: { ...ref, name }, bytes: undefined }));
  expect(
    artifactDigests(new Map([["trend", { entries: [], basis: NOTHING, reports: [], artifacts }]])),
  ).toEqual({
    [`trend/${RUN}/gates/live-ramp.json`]: HEX,
  });
});

test("the code's digest follows every source but those of tests", () => {
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  };
  put("apps/one/src/main.ts", "1");
  put("libs/two/src/deep/two.ts", "2");
  put("apps/one/policy/deep/gate.yaml", "x: 1");
  const first = codeDigest(dir);
  put("libs/two/src/deep/two.test.ts", "test");
  put("libs/two/src/testing/fake.ts", "fake");
  expect(codeDigest(dir)).toBe(first);
  put("libs/two/src/deep/two.ts", "3");
  expect(codeDigest(dir)).not.toBe(first);
});

test("a dry run needs a folder with nothing in it", () => {
  const now = new Date("2026-01-02T03:04:05.678Z");
  const named = newRunFolder({ data: join(dir, "new"), seed: undefined, now });
  expect(named).toEqual({ path: join(dir, "new"), parent: dir, name: "new" });
  writeFileSync(join(named.path, "x"), "");
  expect(() => newRunFolder({ data: named.path, seed: undefined, now })).toThrow("isn't empty");
});
