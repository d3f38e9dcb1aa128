import { particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { documentOf } from "../testing/documents.ts";
import { artifactOf } from "../testing/reports.ts";
import { arrivedAt, AUTHOR, begun, loaded, shown, SPEC, type Story } from "../testing/story.ts";
import { knownRefusal } from "./approve.ts";
import { evidenceDigest } from "./enter.ts";

const baton = loaded(parse(batonText));
/** `a` leads to `b`, which needs two approvals; its gate sends it to `c`, which needs one, also by the author. */
const two = loaded(
  documentOf(
    { a: ["b"], b: ["c"], c: ["b"] },
    {
      b: { approvals: { required: 2 }, fail: "c", pass: null },
      c: {
        requirePreviousGatePass: false,
        approvals: { required: 1, notAuthor: false },
        pass: "b",
      },
    },
  ),
);

function asking(playbook = two): Story {
  const story = playbook === two ? begun(two) : arrivedAt(baton, "shadow-paper");
  story.result();
  return story;
}

test("a question names the stage that follows and the digest of what was made", () => {
  const story = asking(baton);
  const { entry } = story.last();
  expect([entry.reason, entry.holder, entry.stage, entry.awaits]).toEqual([
    "APPROVAL_REQUIRED",
    "review",
    "shadow-paper",
    null,
  ]);
  expect(entry.review).toMatchObject({
    next: "live-ramp",
    evidence: evidenceDigest(entry.artifacts),
  });
  expect(particularsOf(entry)).toContain("live-ramp needs 2 approvals.");
});

test("a candidate that isn't for live needs no approval for the ramp", () => {
  const specs = [{ target: "paper" }, { target: "live" }, {}, { target: ["paper"] }, undefined].map(
    (promotion) => ({ ...SPEC, promotion }),
  );
  const reasons = specs.map((spec) => {
    const story = begun(baton, { spec });
    while (story.entry().stage !== "shadow-paper") story.result();
    story.result();
    return story.entry().reason;
  });
  // Where the specification doesn't say, a person is asked.
  expect(reasons).toEqual([
    "STAGE_PASSED",
    ...Array.from({ length: 4 }, () => "APPROVAL_REQUIRED"),
  ]);
});

test("a path into what every object has doesn't count as said", () => {
  const sly = loaded(
    documentOf(
      { a: ["b"], b: [] },
      { b: { approvals: { required: 1, when: { path: "constructor.name", in: ["live"] } } } },
    ),
  );
  const story = begun(sly);
  expect(shown(story.result())).toBe("APPROVAL_REQUIRED review");
});

test("the author can't approve, and nobody counts twice", () => {
  const story = asking();
  expect(shown(story.command("approve", { by: AUTHOR }))).toBe("E_DENIED");
  expect(shown(story.command("approve", { by: "bob" }))).toBe("APPROVAL_REQUIRED review");
  expect(shown(story.command("approve", { by: "bob" }))).toBe("E_CONFLICT");
  expect(shown(story.command("approve", { by: "eve" }))).toBe("APPROVED lane-a");
  expect(story.entry().approvals.map(({ by, stage }) => [by, stage])).toEqual([
    ["bob", "b"],
    ["eve", "b"],
  ]);
  expect(particularsOf(story.entry())).toBe("Approved by bob, eve: because");
});

test("what is known against an approval is what the decision says", () => {
  const story = asking();
  const other = "0".repeat(64);
  const tries = [{ by: AUTHOR }, { by: "eve", evidence: other }, { by: "bob" }, { by: "bob" }];
  for (const wish of tries) {
    const known = knownRefusal(story.entry(), wish, story.now);
    const decided = story.command("approve", wish);
    expect(known).toEqual(decided.kind === "reject" ? decided : undefined);
  }
  story.command("approve", { by: "eve" });
  expect(knownRefusal(story.entry(), { by: "ann" }, story.now)).toEqual(
    story.command("approve", { by: "ann" }),
  );
});

test("where the playbook allows it the author approves", () => {
  const story = asking();
  story.command("approve", { by: "bob" });
  story.command("approve", { by: "eve" });
  expect(shown(story.result({ verdict: "fail" }))).toBe("APPROVAL_REQUIRED review");
  expect(shown(story.command("approve", { by: AUTHOR }))).toBe("APPROVED lane-a");
  expect(story.entry().stage).toBe("c");
});

test("J2: the last approval moves on the evidence that the question was asked on", () => {
  const story = asking();
  const { evidence, artifacts } = story.entry();
  story.command("approve", { by: "bob" });
  story.command("approve", { by: "eve" });
  expect(story.entry()).toMatchObject({ evidence, artifacts, guard: { from: "a", to: "b" } });
  expect(evidence).not.toBeNull();
});

test("an approval of other evidence is refused", () => {
  const story = asking();
  const seen = story.entry().review?.evidence ?? "";
  expect(shown(story.command("approve", { evidence: "0".repeat(64) }))).toBe("E_CONFLICT");
  expect(shown(story.command("approve", { evidence: seen }))).toBe("APPROVAL_REQUIRED review");
});

test("the digest tells names and contents apart", () => {
  const of = asking().dispatched();
  const [one, other] = [artifactOf(of, "x"), artifactOf(of, "y")];
  const digests = [[], [one], [other], [one, other], [{ ...one, sha256: other.sha256 }]].map(
    evidenceDigest,
  );
  expect(new Set(digests).size).toBe(5);
});

test("a new run of the same stages asks again, on its own evidence", () => {
  const story = asking();
  story.command("approve", { by: "bob" });
  story.command("approve", { by: "eve" });
  story.result({ verdict: "fail" });
  story.command("approve", { by: "dan" });
  // `c` passes back to `b`, which this run has had.
  expect(shown(story.result())).toBe("APPROVAL_REQUIRED review");
  expect(shown(story.command("approve", { by: "bob" }))).toBe("APPROVAL_REQUIRED review");
  expect(shown(story.command("approve", { by: "eve" }))).toBe("APPROVED lane-a");
  expect(story.entry()).toMatchObject({ stage: "b", iteration: 1 });
});

test("approvals that were used up don't count again, not even on the same evidence", () => {
  const same = loaded(
    documentOf(
      { a: ["b"], b: ["c"], c: ["b"] },
      {
        b: { approvals: { required: 2 }, fail: "c", pass: null, requirePreviousArtifact: false },
        c: { requirePreviousGatePass: false, pass: "b" },
      },
    ),
  );
  const story = begun(same);
  story.result();
  const { review } = story.entry();
  story.command("approve", { by: "bob" });
  story.command("approve", { by: "eve" });
  story.result({ verdict: "fail" });
  story.result({ artifacts: [] });
  expect(story.entry().review?.evidence).toBe(review?.evidence);
  expect(shown(story.command("approve", { by: "bob" }))).toBe("APPROVAL_REQUIRED review");
  expect(shown(story.command("approve", { by: "dan" }))).toBe("APPROVED lane-a");
  expect(
    story.entry().approvals.map(({ by, runId }) => [by, runId === story.entry().runId]),
  ).toEqual([
    ["bob", false],
    ["eve", false],
    ["bob", true],
    ["dan", true],
  ]);
});

test("a rerun of a stage that needs approval is approved anew, whoever resumes it", () => {
  const story = arrivedAt(baton, "live-ramp");
  const first = story.entry();
  story.result({ verdict: "inconclusive" });
  expect(shown(story.command("resume", { by: AUTHOR }))).toBe("APPROVAL_REQUIRED review");
  expect(story.entry()).toMatchObject({ stage: "live-ramp", awaits: null, runId: first.runId });
  expect(particularsOf(story.entry())).toContain(
    "live-ramp is run again, asked by ada: because. live-ramp needs 2 approvals.",
  );
  expect(shown(story.command("resume"))).toBe("E_CONFLICT");
  expect(shown(story.command("approve", { by: AUTHOR }))).toBe("E_DENIED");
  expect(shown(story.command("approve", { by: "dan" }))).toBe("APPROVAL_REQUIRED review");
  expect(shown(story.command("approve", { by: "eve" }))).toBe("APPROVED lane-e");
  const again = story.entry();
  expect(again).toMatchObject({
    stage: "live-ramp",
    iteration: 1,
    awaits: 0,
    artifacts: first.artifacts,
  });
  expect(again.approvals.map(({ runId }) => runId)).toEqual([
    first.runId,
    first.runId,
    again.runId,
    again.runId,
  ]);
  expect(shown(story.result())).toBe("STAGE_PASSED lane-f");
});

test("asking for a rerun's approval lifts the hold, and the old run's result comes too late", () => {
  const story = arrivedAt(baton, "live-ramp");
  story.command("pause");
  story.exhausted();
  expect(shown(story.command("resume"))).toBe("APPROVAL_REQUIRED review");
  expect(story.entry()).toMatchObject({ hold: null, awaits: null });
  expect(shown(story.result())).toBe("ignore stale");
  story.command("approve", { by: "dan" });
  expect(shown(story.command("approve"))).toBe("APPROVED lane-e");
});

test("what an approved stage made in an earlier run isn't part of what is approved", () => {
  const story = asking();
  story.command("approve", { by: "bob" });
  story.command("approve", { by: "eve" });
  story.result({ verdict: "fail" });
  story.command("approve", { by: "dan" });
  story.result();
  expect(story.entry().artifacts.map(({ stage }) => stage)).toEqual(["a", "c"]);
});

test("the latest 20 approvals are remembered, more than one stage can ask for", () => {
  const many = loaded(
    documentOf(
      { a: ["b"], b: ["c"], c: ["b"] },
      {
        b: { approvals: { required: 5 }, fail: "c", pass: null },
        c: { requirePreviousGatePass: false, pass: "b" },
      },
    ),
  );
  const story = begun(many);
  for (let round = 0; round < 5; round += 1) {
    story.result();
    for (const by of ["bob", "dan", "eve", "kim", "zoe"]) story.command("approve", { by });
    expect(story.entry()).toMatchObject({ reason: "APPROVED", stage: "b" });
    story.result({ verdict: "fail" });
  }
  expect(story.entry().approvals).toHaveLength(20);
});

test("an approval that arrives again, or too late, changes nothing", () => {
  const story = asking();
  story.command("approve", { by: "bob", id: "approve-1" });
  story.command("approve", { by: "eve" });
  expect(shown(story.command("approve", { by: "bob", id: "approve-1" }))).toBe("ignore duplicate");
  expect(shown(story.command("approve", { by: "dan" }))).toBe("E_CONFLICT");
});

test("where people are known an approval names its evidence, or is refused when it is decided", () => {
  const story = asking();
  const evidence = story.entry().review?.evidence ?? "";
  const by = { by: "dan", roles: [] };
  expect(story.command("approve", by)).toMatchObject({
    kind: "reject",
    code: "E_INVALID",
    message: expect.stringContaining(evidence.slice(0, 12)),
  });
  expect(story.entry().approvals).toEqual([]);
  expect(shown(story.command("approve", { ...by, evidence }))).toBe("APPROVAL_REQUIRED review");
  // Nobody is known: there is nothing that could be verified.
  expect(shown(story.command("approve", { by: "eve" }))).toBe("APPROVED lane-a");
});
