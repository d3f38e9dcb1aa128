import { UserError } from "@baton/text/user-error";
import { describe, expect, test } from "vitest";

import { controlCommand, scopeFrom, type Wish } from "./control-command.ts";

const asking = {
  id: "cmd-sample",
  by: "ada",
  why: "bad fills",
  time: new Date("2026-03-01T12:00:00.000Z"),
};
const incidentId = "inc-0123456789ab";
const emergency = {
  type: "emergency",
  incidentId,
  ticket: "OPS-1",
  scope: "cand-sample",
  seconds: 1800,
} as const;

function refusal(work: () => unknown): UserError["details"] {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error.details;
    throw error;
  }
  throw new Error("it was taken");
}

test("a command about the whole mesh names no candidate", () => {
  expect(controlCommand({ type: "kill-switch" }, asking)).toEqual({
    v: 1,
    type: "kill-switch",
    candidateId: "mesh-controls",
    id: "cmd-sample",
    by: "ada",
    why: "bad fills",
    time: "2026-03-01T12:00:00.000Z",
  });
});

describe("a value that can be known to be wrong", () => {
  const task = {
    type: "close-task",
    taskId: "task-0123456789ab",
    commit: "ab".repeat(20),
  } as const;
  const wrong: [string, Wish, string][] = [
    ["a ticket of blanks", { ...emergency, ticket: " \t " }, "--ticket"],
    ["a ticket that a terminal would obey", { ...emergency, ticket: "\u001b[2J" }, "--ticket"],
    ["something that is no incident", { ...emergency, incidentId: "inc-1" }, "incident"],
    ["a commit cut short", { ...task, commit: "abc1234" }, "--commit"],
    ["a commit in capitals", { ...task, commit: "AB".repeat(20) }, "--commit"],
    ["something that is no task", { ...task, taskId: incidentId }, "task"],
  ];
  test.each(wrong)("%s is E_INVALID (3), by the option's name", (_, wish, name) => {
    const { code, exit, message, rule, action } = refusal(() => controlCommand(wish, asking));
    expect([code, exit, message]).toEqual(["E_INVALID", 3, `${name} isn't valid`]);
    expect(rule).not.toBe(undefined);
    expect(action).not.toBe("");
  });

  test("a reason of blanks is E_INVALID (3)", () => {
    const { exit, message } = refusal(() =>
      controlCommand({ type: "kill-switch" }, { ...asking, why: " " }),
    );
    expect([exit, message]).toEqual([3, "--why isn't valid"]);
  });
});

describe("an incident's scope", () => {
  test("is a candidate, a lane, by its letter too, or all", () => {
    const candidateId = "cand-sample";
    expect(scopeFrom({ candidate: candidateId })).toEqual({ kind: "candidate", candidateId });
    expect(scopeFrom({ lane: "E" })).toEqual({ kind: "lane", lane: "lane-e" });
    expect(scopeFrom({ all: true })).toEqual({ kind: "all" });
  });

  test("is exactly one: none and two are E_USAGE (2)", () => {
    expect(refusal(() => scopeFrom({})).exit).toBe(2);
    expect(refusal(() => scopeFrom({ all: true, lane: "lane-a" })).exit).toBe(2);
  });

  test("that isn't there is E_INVALID (3)", () => {
    expect(refusal(() => scopeFrom({ lane: "lane-g" }))).toMatchObject({
      exit: 3,
      message: "lane isn't valid",
    });
    expect(refusal(() => scopeFrom({ candidate: "mesh-controls" })).exit).toBe(3);
  });
});
