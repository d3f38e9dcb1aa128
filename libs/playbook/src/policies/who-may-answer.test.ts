import type { Command, CommandType } from "@baton/contracts";
import { expect, test } from "vitest";

import { documentOf } from "../testing/documents.ts";
import { AUTHOR, begun, commandOf, loaded, shown, type Story } from "../testing/story.ts";

/** Three stages; the last needs two approvals by a risk officer or a trader. */
const playbook = loaded(
  documentOf(
    { a: ["b"], b: ["c"], c: [] },
    { c: { approvals: { required: 2, roles: ["risk", "trading"] } } },
    { answers: { approve: ["nobody"], resume: ["ops"], cancel: ["ops", "risk"], pause: ["ops"] } },
  ),
);

/** Stands in the review that `what` leads to. */
const REVIEWS: Record<string, (story: Story) => unknown> = {
  APPROVAL_REQUIRED: (story) => [story.result(), story.result()],
  PAUSED: (story) => story.command("pause", { roles: ["ops"] }),
  SPEC_INVALID: (story) => story.result({ failure: "spec" }),
  DEADLINE_PASSED: (story) => story.deadline(),
};

function standing(reason: string): Story {
  const story = begun(playbook);
  REVIEWS[reason]?.(story);
  expect(story.entry().reason).toBe(reason);
  return story;
}

test.each([
  ["the right role", "cancel", ["risk"], "CANCELLED closed"],
  ["one right role among others", "resume", ["trading", "ops"], "RERUN lane-a"],
  ["another role", "resume", ["risk"], "E_DENIED"],
  ["no role", "cancel", [], "E_DENIED"],
  ["nobody known", "cancel", undefined, "E_DENIED"],
  ["no role, where none is asked for", "reject", [], "REJECTED closed"],
  ["nobody known, where no role is asked for", "send-back", undefined, "SENT_BACK lane-a"],
] as const)("with %s, %s", (_, type, roles, expected) => {
  const story = standing("SPEC_INVALID");
  expect(shown(story.command(type, roles ? { roles } : {}))).toBe(expected);
});

test("a stage's own roles decide who approves it, not the playbook's", () => {
  const story = standing("APPROVAL_REQUIRED");
  const by = (name: string, role: string) =>
    shown(
      story.command("approve", {
        by: name,
        roles: [role],
        evidence: story.entry().review?.evidence ?? "",
      }),
    );
  expect(by("bob", "nobody")).toBe("E_DENIED");
  expect(by("bob", "risk")).toBe("APPROVAL_REQUIRED review");
  expect(by("eve", "trading")).toBe("APPROVED lane-a");
  expect(story.entry().approvals.map(({ by: name, roles }) => [name, roles])).toEqual([
    ["bob", ["risk"]],
    ["eve", ["trading"]],
  ]);
});

test("a refusal says which role it takes and which the sender has", () => {
  const story = standing("SPEC_INVALID");
  const { entry } = story.last();
  const denied = [["risk", "trading"], [], undefined].map((roles) =>
    story.command("resume", roles ? { roles } : {}),
  );
  expect(denied.map((one) => (one.kind === "reject" ? one.message : ""))).toEqual([
    `to resume ${entry.candidateId} takes the role ops; bob has risk, trading`,
    `to resume ${entry.candidateId} takes the role ops; bob has no role`,
    `to resume ${entry.candidateId} takes the role ops; bob isn't known: the coordinator has no key registry`,
  ]);
});

test.each(["submit", "pause", "cancel"] as const)(
  "a %s in another's name is refused, whatever the role",
  (type) => {
    const story = begun(playbook);
    const command: Command = commandOf(type, { id: "command-x", by: "bob" }, story.now);
    const identity = { name: "eve", roles: ["ops"] };
    const decision = story.ask({ kind: "command", command, sampled: false, identity });
    expect(shown(decision)).toBe("E_DENIED");
  },
);

test("the journal keeps who was found to have sent it, and the signature", () => {
  const story = begun(playbook);
  const publicKey = `U${"A".repeat(55)}`;
  const signature = "A".repeat(86);
  const plain = commandOf("pause", { id: "command-x", by: "bob" }, story.now);
  const identity = { name: "bob", roles: ["ops"] };
  story.ask({
    kind: "command",
    command: { ...plain, publicKey, signature },
    sampled: false,
    identity,
  });
  expect(story.entry().cause).toEqual({
    kind: "command",
    commandId: "command-x",
    type: "pause",
    by: "bob",
    why: "because",
    roles: ["ops"],
    signature: { publicKey, signature },
  });
});

const TYPES = [
  "approve",
  "reject",
  "resume",
  "send-back",
  "cancel",
] as const satisfies CommandType[];

test.each(Object.keys(REVIEWS))("%s lists exactly the answers that it takes", (reason) => {
  const { answers } = standing(reason).entry().review ?? {};
  const taken = TYPES.filter((type) => {
    const roles = ["ops", "risk", "nobody"];
    return shown(standing(reason).command(type, { roles })) !== "E_CONFLICT";
  });
  expect(answers?.map(({ command }) => command).toSorted()).toEqual(taken.toSorted());
});

test("a review says who may answer how", () => {
  expect(standing("APPROVAL_REQUIRED").entry().review?.answers).toEqual([
    { command: "approve", roles: ["risk", "trading"], people: 2, notBy: AUTHOR },
    { command: "reject", roles: [], people: 1 },
    { command: "send-back", roles: [], people: 1 },
    { command: "cancel", roles: ["ops", "risk"], people: 1 },
  ]);
});

test.each([
  [{ approvals: { required: 1, roles: [] } }, "approvals.roles"],
  [{ approvals: { required: 1, roles: ["Risk"] } }, "role: 1 to 31 of a-z"],
  [{ approvals: { required: 1, distinct: false } }, "approvals always are by different people"],
  [{ approvals: { required: 1, expiresSeconds: 0 } }, "expiresSeconds"],
])("a playbook with %j isn't taken", (stage, fault) => {
  expect(() => loaded(documentOf({ a: ["b"], b: [] }, { b: stage }))).toThrow(fault);
});

test("a playbook can't restrict what isn't a command", () => {
  const answers = { submit: ["ops"], explode: ["ops"] };
  expect(() => loaded(documentOf({ a: [] }, {}, { answers }))).toThrow(/submit.*explode/);
});
