/** The guard on a real mesh: it looks itself, decides journals again, and says what another playbook would have done. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  startTestNats,
  temporaryFolder,
  type TemporaryFolder,
  type TestNats,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type Copied, copyMesh } from "./copy-mesh.ts";
import { type Candidates, tellCandidates } from "./guard-candidates.ts";
import { type LoopWorld, openLoopWorld } from "./loop-world.ts";
import { runBaton } from "./run-baton.ts";

let nats: TestNats;
let world: LoopWorld;
let folder: TemporaryFolder;
let ids: Candidates;

beforeAll(async () => {
  nats = await startTestNats({ signIn: true });
  folder = temporaryFolder("guard-e2e");
  world = await openLoopWorld(nats);
  ids = await tellCandidates(world);
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await nats.stop();
  folder.remove();
});

const guard = (...args: string[]) => runBaton(nats, ["guard", ...args]);
const jsonOf = (text: string): Record<string, unknown> => JSON.parse(text);
const Ways = z.array(z.object({ candidateId: z.string(), parting: z.unknown() }));
const Journal = z.object({ otherWays: Ways, decidedAgain: z.number(), leftOut: z.number() });

test("J10: every journal, decided again from what is stored, comes out byte for byte alike", async () => {
  const names = Object.keys(ids);
  const runs = await Promise.all(Object.values(ids).map((id) => guard("replay", id, "--json")));
  for (const [index, { code, stdout }] of runs.entries()) {
    const found = jsonOf(stdout);
    const clean = { code: 0, difference: null, notes: [] };
    expect({ name: names[index], code, ...found }).toMatchObject(clean);
    expect(found["same"]).toBe(found["entries"]);
  }
  const text = await guard("replay", ids.looped);
  expect(text.stdout).toMatch(
    /^same {7}cand-\w+ {2}5 entries decided again, byte for byte alike\nsigned {5}0 of 1 command, .*; 1 unsigned: who sent them isn't known\n$/,
  );
  expect((await guard("replay", "cand-unknown")).code).toBe(4);
}, 60_000);

const entryOf = ({ text }: Copied) => JSON.parse(text);

/** What somebody with access to the store might do, by candidate. */
function tamper(message: Copied): Copied {
  const { stream, subject, text } = message;
  if (stream === "commands" && subject.includes(ids.rerun)) return { ...message, text: "{}" };
  if (stream !== "journal") return message;
  if (subject.includes(ids.flaky))
    return { ...message, text: text.replace('"author":"author"', '"author":"mallory"') };
  if (subject.includes(ids.looped)) {
    const entry = entryOf(message);
    if (entry.evidence?.gate) entry.evidence.gate.verdict = "pass";
    return { ...message, text: JSON.stringify(entry) };
  }
  if (subject.includes(ids.held) && entryOf(message).n === 2) return { ...message, text: "gone" };
  if (subject.includes(ids.waiting) && entryOf(message).n === 3)
    return { ...message, text: JSON.stringify({ ...entryOf(message), added: true }) };
  if (subject.includes(ids.broken) && entryOf(message).n === 2)
    return { ...message, subject: subject.replace("lane-a", "lane-f") };
  return message;
}

test("J10: in a copy that was tampered with, the first difference is shown and ends with 5", async () => {
  const copy = await startTestNats({ signIn: true });
  try {
    const last = await world.mesh.journal.last(ids.approved);
    const digests = [last?.entry.playbook ?? ""];
    await copyMesh(world.mesh, copy, { digests, change: tamper });
    const replay = async (id: string) => {
      const { code, stdout } = await runBaton(copy, ["guard", "replay", id, "--json"]);
      return { code, ...jsonOf(stdout) };
    };
    expect(await replay(ids.approved)).toMatchObject({
      code: 0,
      difference: null,
      notes: [expect.stringContaining("was stored at"), expect.any(String), expect.any(String)],
    });
    expect(await replay(ids.flaky)).toMatchObject({
      code: 5,
      same: 0,
      difference: { n: 1, path: "$.author", journal: '"mallory"' },
    });
    expect(await replay(ids.looped)).toMatchObject({ code: 5, same: 2, difference: { n: 3 } });
    expect(await replay(ids.held)).toMatchObject({
      code: 5,
      difference: { n: 2, what: expect.stringContaining("isn't JSON") },
    });
    expect(await replay(ids.waiting)).toMatchObject({
      code: 5,
      difference: { n: 3, path: "$.added", journal: "true", replay: null },
    });
    expect(await replay(ids.broken)).toMatchObject({
      code: 5,
      difference: { n: 2, what: expect.stringContaining("another subject") },
    });
    expect(await replay(ids.rerun)).toMatchObject({
      code: 5,
      difference: { n: 1, what: expect.stringMatching(/command .* isn't stored/) },
    });
    const text = await runBaton(copy, ["guard", "replay", ids.flaky]);
    expect(text.stdout).toMatch(
      /^different .*entry 1 of \d.*\n {2}journal: "mallory"\n {2}replay: {2}"author"\n/,
    );
  } finally {
    await copy.stop();
  }
}, 60_000);

const check = (candidateId: string, to: string, ...rest: string[]) =>
  guard("check-transition", "--mesh", "--candidate-id", candidateId, "--to-stage", to, ...rest);

test("--mesh fetches the evidence itself and shows the receipt that the coordinator writes", async () => {
  const { code, stdout } = await check(ids.waiting, "ship");
  const last = await world.mesh.journal.last(ids.waiting);
  expect(code).toBe(0);
  expect(jsonOf(stdout)).toMatchObject({
    allowed: true,
    nextAction: "proceed",
    lane: "lane-c",
    approvals: 1,
    advice: "ship then waits for 1 approval.",
    evidence: last?.entry.evidence,
    receipt: { from: "check", to: "ship", rule: "transition_allowed" },
    journal: { sequence: last?.sequence, reason: "APPROVAL_REQUIRED" },
    playbook: { digest: last?.entry.playbook },
  });
  const sent = (await world.mesh.journal.history(ids.approved)).find(
    ({ entry }) => entry.stage === "ship",
  );
  expect(sent?.entry.guard).toEqual(jsonOf(stdout)["receipt"]);
});

test.each([
  ["looped", "ship", "previous_gate_failed", "its verdict is fail"],
  ["held", "check", "candidate_paused_for_review", "is paused"],
  ["running", "check", "missing_previous_artifact", "hasn't reported"],
  ["running", "ship", "illegal_transition:make->ship", "no edge from make to ship"],
  ["broken", "check", "missing_previous_artifact", "failed: E_UNEXPECTED"],
] as const)("--mesh: %s to %s is %s", async (name, to, reason, words) => {
  const { code, stdout } = await check(ids[name], to);
  expect(code).toBe(5);
  expect(jsonOf(stdout)).toMatchObject({ allowed: false, reason, receipt: null });
  expect(jsonOf(stdout)["message"]).toContain(words);
});

test("--mesh: an artifact that is gone from the store, whatever was recorded, is missed", async () => {
  const { entry } = await world.until(ids.waiting, "asking", ({ review }) => review !== null);
  const { artifacts } = await world.mesh.journal.whole(entry);
  const gate = artifacts.find(({ name }) => name === "gates/check.json");
  const copy = await startTestNats({ signIn: true });
  try {
    await copyMesh(world.mesh, copy, { digests: [entry.playbook], change: (message) => message });
    const args = ["guard", "check-transition", "--mesh", "--candidate-id", ids.waiting];
    const { code, stdout } = await runBaton(copy, [...args, "--to-stage", "ship"]);
    expect([code, jsonOf(stdout)["reason"]]).toEqual([5, "missing_previous_artifact"]);
    expect(jsonOf(stdout)["evidence"]).toEqual({
      artifacts: { [gate?.name ?? ""]: "missing" },
      gate: null,
    });
  } finally {
    await copy.stop();
  }
}, 60_000);

test("--mesh takes no claims, and knows who isn't there or is closed", async () => {
  const claims = ["--previous-gate-passed", "--risk-controls-passed", "--run-id", "run-000001"];
  const claimed = await check(ids.waiting, "ship", ...claims);
  expect([claimed.code, claimed.stdout]).toEqual([2, ""]);
  expect(claimed.stderr).toContain("--run-id, --previous-gate-passed, --risk-controls-passed");
  expect((await check("cand-unknown", "ship")).code).toBe(4);
  expect((await check(ids.approved, "ship")).code).toBe(6);
  expect((await check(ids.waiting, "nowhere")).code).toBe(3);
}, 60_000);

test("evaluate-failure --mesh evaluates the failure that stands in the journal", async () => {
  const evaluate = (id: string) => guard("evaluate-failure", "--mesh", "--candidate-id", id);
  const broken = await evaluate(ids.broken);
  expect(broken.code).toBe(5);
  expect(jsonOf(broken.stdout)).toMatchObject({
    action: "fail",
    reason: "transient_non_retryable",
    stage: "make",
    attempt: 3,
    stageFailures: 3,
    journal: { reason: "RETRIES_EXHAUSTED" },
  });
  expect((await evaluate(ids.waiting)).code).toBe(6);
}, 60_000);

test("policy diff --journal names the candidates that would have gone another way, and where", async () => {
  const last = await world.mesh.journal.last(ids.approved);
  const bytes = await world.mesh.artifacts.get(last?.entry.playbook ?? "");
  const document = JSON.parse(new TextDecoder().decode(bytes));
  const write = (name: string, content: unknown): string => {
    const path = join(folder.path, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const old = write("old.json", document);
  const diff = async (name: string, changed: unknown) => {
    const args = [
      "policy",
      "diff",
      old,
      write(name, changed),
      "--journal",
      "--exit-code",
      "--json",
    ];
    const { code, stdout } = await runBaton(nats, args);
    const found = jsonOf(stdout);
    const { otherWays, ...counts } = Journal.parse(found["journal"]);
    const ways = new Map(otherWays.map(({ candidateId, parting }) => [candidateId, parting]));
    return { code, changes: found["changes"], counts, ways };
  };

  const same = await diff("same.json", document);
  expect([same.code, same.changes, [...same.ways]]).toEqual([0, [], []]);
  expect(same.counts).toEqual({ decidedAgain: Object.keys(ids).length, leftOut: 0 });

  const strict = await diff("strict.json", { ...document, limits: { maxLoops: 0 } });
  expect(strict.code).toBe(5);
  expect(strict.changes).toEqual([{ path: "limits.maxLoops", old: 1, new: 0 }]);
  expect([...strict.ways.keys()]).toEqual([ids.looped]);
  expect(strict.ways.get(ids.looped)).toMatchObject({
    n: 3,
    was: expect.stringContaining("LOOPED_BACK"),
    would: expect.stringContaining("GATE_FAILED"),
  });

  const { failurePolicies } = document;
  const transient = { ...failurePolicies.transient, maxRetries: 0 };
  const hasty = await diff("hasty.json", {
    ...document,
    failurePolicies: { ...failurePolicies, transient },
  });
  expect([...hasty.ways.keys()].toSorted()).toEqual([ids.broken, ids.flaky].toSorted());
  expect(hasty.ways.get(ids.flaky)).toMatchObject({
    would: expect.stringContaining("RETRIES_EXHAUSTED"),
  });

  const stages = document.stages.map((stage: object) => ({ ...stage, approvals: undefined }));
  const open = await diff("open.json", { ...document, stages });
  expect([...open.ways.keys()].toSorted()).toEqual([ids.approved, ids.waiting].toSorted());

  const quick = document.stages.map((stage: object) => ({ ...stage, deadlineSeconds: 0.001 }));
  const rushed = await diff("rushed.json", { ...document, stages: quick });
  expect(rushed.ways.get(ids.flaky)).toMatchObject({ would: expect.stringContaining("overdue") });
}, 60_000);
