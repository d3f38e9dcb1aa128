import * as fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";

import { conformanceTo } from "./conforms.ts";
import { Entry } from "./entry.ts";
import { Report } from "./report.ts";

const time = "2026-01-02T03:04:05.678Z";
const sha256 = "ab".repeat(32);
const trace = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
const about = { candidateId: "cand-0001", stage: "build", runId: "run-000001" };
const content = { name: "spec/a.json", sha256, bytes: 12 };
const artifact = { ...content, stage: "build", runId: "run-000001" };
const failure = { class: "transient", code: "E_AWAY", message: "away", action: "wait" };
const amount = { tokens: 1200, micros: 350, calls: 3 };
const work = {
  agent: "codex",
  version: "0.171.0",
  model: "model-1",
  session: "0190-abc",
  network: "model",
  ended: "delivered",
  ms: 1234,
  spent: amount,
  sum: amount,
  cutBy: { scope: "candidate", measure: "tokens", limit: 1000, spent: 1200 },
  log: { sha256, bytes: 12 },
};
const result = {
  v: 1,
  id: "cand-0001.build.run-000001",
  ...about,
  time,
  trace,
  lane: "lane-b",
  answers: 7,
  attempt: 1,
  startedAt: time,
  handoff: { from: "research", ms: 1.25 },
  work,
  type: "result",
  outcome: { kind: "done", verdict: "pass", summary: "built", artifacts: [artifact] },
};
const attempt = {
  ...result,
  type: "attempt",
  outcome: undefined,
  failure,
  retryAt: time,
};

const assignment = {
  executor: { kind: "command", agent: "plain", program: ["a"], model: "m", network: "model" },
  stageRun: { tokens: 5, micros: 6, calls: 7 },
  candidate: { tokens: 5 },
  seconds: 60,
  spent: amount,
};

const WALK = {
  minTrainRows: 252,
  minPurgeRows: 5,
  minTestRows: 63,
  minTestedRows: 252,
  minFolds: 5,
};

/** With something in every field. */
const entry = {
  v: 1,
  type: "entry",
  ...about,
  time,
  trace,
  n: 2,
  prev: 3,
  prevSha256: sha256,
  holder: "lane-b",
  reason: "STAGE_PASSED",
  about: { kind: "passed", stage: "research", summary: "fine" },
  cause: {
    kind: "report",
    sequence: 5,
    attempt: 1,
    storedAt: "2026-01-02T03:04:05.678901Z",
    from: "research",
  },
  playbook: sha256,
  iteration: 0,
  loops: 0,
  author: "somebody",
  basis: {
    spec: { of: { any: ["thing", 1, null] } },
    walkForward: WALK,
    made: [{ stage: "build", runId: "run-000001", artifacts: [content] }],
    feedback: [{ runId: "run-000001", stage: "build", reasons: ["why"] }],
    earlier: [1, 2],
    sha256,
  },
  visited: ["research", "build"],
  commands: ["submit-1"],
  awaits: 0,
  rule: {
    maxRetries: 4,
    initialBackoffMs: 1000,
    backoffMultiplier: 2,
    maxBackoffMs: 9000,
    surfaces: ["a/*"],
    work: assignment,
  },
  deadline: time,
  approvals: [
    {
      stage: "build",
      runId: "run-000001",
      by: "somebody",
      why: "good",
      commandId: "approve-1",
      time,
      evidence: sha256,
      used: true,
    },
  ],
  attempt: 0,
  failures: { build: 1 },
  failure,
  review: {
    openedAt: time,
    next: "build",
    evidence: null,
    answers: [{ command: "approve", roles: [], people: 1 }],
  },
  hold: { by: "somebody", why: "wait", time, commandId: "pause-01" },
  kept: { report: result, sequence: 9, storedAt: "2026-01-02T03:04:05.678901Z" },
  evidence: { artifacts: { a: "present" }, gate: { sha256, verdict: "pass", reasons: [] } },
  guard: { from: "research", to: "build", rule: "transition_allowed" },
  work,
  spent: [{ stage: "build", runId: "run-000001", run: amount, before: amount }],
  grants: [
    {
      stage: "build",
      runId: "run-000001",
      by: "somebody",
      commandId: "resume-1",
      time,
      more: { tokens: 5 },
    },
  ],
  tallies: [{ stage: "build", signature: "E_AWAY", inputs: "none", count: 2, runId: "run-000001" }],
};

/** As it comes from the wire. */
const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const SAMPLES = [
  ["entry", Entry, entry],
  ["result", Report, result],
  ["attempt", Report, attempt],
] as const;

test.each(SAMPLES)("what our writers write as %s conforms at once", (_, schema, sample) => {
  expect(conformanceTo<unknown>(schema)(wire(sample))).toBe(true);
});

test.each(SAMPLES)("the order of an %s's keys doesn't matter", (_, schema, sample) => {
  const turned = Object.fromEntries(Object.entries(sample).toReversed());
  expect(conformanceTo<unknown>(schema)(wire(turned))).toBe(true);
});

/** JSON values among which are many that almost fit. */
const replacement = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>("lane-a", "review", "", sha256, trace, time, "E_AWAY", 0, -1, 1.5, 1e21),
  fc.constantFrom<unknown>(null, [], {}, [null], { kind: "deadline" }, artifact, failure, result),
);

/** One field somewhere below is replaced, added or removed. */
function altered(value: unknown, path: readonly number[], change: Change): unknown {
  if (typeof value !== "object" || value === null) return change.to;
  const keys = Object.keys(value);
  const at = keys[(path[0] ?? 0) % Math.max(1, keys.length)] ?? "none";
  const fields = Object.entries(value).flatMap(([key, own]): [string, unknown][] => {
    if (key !== at) return [[key, own]];
    if (path.length > 1) return [[key, altered(own, path.slice(1), change)]];
    return change.how === "remove" ? [] : [[key, change.to]];
  });
  if (path.length <= 1 && change.how === "add") fields.push([change.name, change.to]);
  if (Array.isArray(value)) return fields.map(([, own]) => own);
  // A literal "__proto__" key, as JSON.parse makes it.
  return JSON.parse(
    `{${fields.map(([key, own]) => `${JSON.stringify(key)}:${JSON.stringify(own) ?? "null"}`).join()}}`,
  );
}

interface Change {
  readonly how: "replace" | "remove" | "add";
  readonly name: string;
  readonly to: unknown;
}

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom("replace", "remove", "add"),
  name: fc.constantFrom("extra", "__proto__", "constructor", "tallies", "roles"),
  to: replacement,
});

test.each(SAMPLES)(
  "whatever is changed in an %s: what conforms is what zod accepts, unchanged",
  (_, schema, sample) => {
    const conforms = conformanceTo<unknown>(schema);
    const path = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(path, change, (where, what) => {
        const value = altered(wire(sample), where, what);
        if (!conforms(value)) return;
        const parsed = schema.safeParse(value);
        expect(parsed.error).toBeUndefined();
        expect(parsed.data).toStrictEqual(value);
      }),
      { numRuns: 3000 },
    );
  },
);

test.each([
  ["changes", z.string().trim()],
  ["has a default for", z.string().default("none")],
  ["transforms", z.string().transform((text) => text.length)],
  ["holds against a rule on the whole", z.object({ a: z.int() }).superRefine(() => {})],
  ["holds against more than a pattern", z.url()],
])("never a fast yes from a schema that %s its value", (_, schema) => {
  const conforms = conformanceTo<unknown>(schema);
  for (const value of ["text", "https://a.example/", { a: 1 }]) expect(conforms(value)).toBe(false);
});
