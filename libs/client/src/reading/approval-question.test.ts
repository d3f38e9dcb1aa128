import { START_MS, stored } from "@baton/testkit";
import { expect, test } from "vitest";

import { renderApprovalQuestion, renderApproved } from "./approval-question.ts";

const instant = (ms: number) => new Date(START_MS + ms).toISOString();
const evidence = "ab".repeat(32);
const answers = [{ command: "approve", roles: ["risk"], people: 2, notBy: "ada" }];
const { entry } = stored(5, 0, {
  holder: "review",
  reason: "APPROVAL_REQUIRED",
  spec: { name: "shown" },
  review: { openedAt: instant(0), next: "ship", evidence, answers },
});
const given = {
  stage: "ship",
  runId: entry.runId,
  by: "ann",
  why: "read it",
  commandId: "cmd-000001",
  time: instant(0),
  evidence,
  expires: instant(60_000),
};
const asked = {
  entry: { ...entry, approvals: [given] },
  evidence,
  gates: [{ name: "gates/check.json", verdict: "fail" as const, reasons: ["check: low\u001b[2J"] }],
};

test("whoever answers at a terminal sees who asks for what, on which evidence, and who has agreed", () => {
  const text = renderApprovalQuestion(asked, instant(1000));
  for (const line of [
    `cand-sample (shown) asks to enter ship, ${entry.runId}, submitted by ada`,
    `Evidence:  ${evidence}`,
    "Needed:    risk, 2 people, not by ada",
    `Given:     by ann until ${given.expires}: read it`,
    "Gate:      fail  gates/check.json",
    "             check: low\\u001b[2J",
  ])
    expect(text.split("\n")).toContain(line);
  expect(renderApprovalQuestion(asked, instant(60_000))).not.toContain("Given:");
});

test("whoever agreed before being asked sees it in a line", () => {
  expect(renderApproved(asked)).toBe(
    `cand-sample to ship on evidence ${evidence}: 0 artifacts, 0 of 1 gate report passes\n`,
  );
});
