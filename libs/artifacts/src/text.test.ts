/** Whatever people and agents write is let in by one rule. */
import { Command, ControlCommand, Identity } from "@baton/contracts";
import { expect, test } from "vitest";
import type { z } from "zod";

import { CandidateSpec } from "./candidate-spec.ts";

const common = {
  v: 1,
  id: "5f2b6a3e-8f0e-4f5e-9c55-0d6f3a1b2c3d",
  time: "2026-03-01T09:00:00.000Z",
  by: "ada",
};
const asked = { ...common, candidateId: "cand-0001" };
const mesh = { ...common, candidateId: "mesh-controls" };
const emergency = {
  ...mesh,
  type: "emergency",
  incidentId: "inc-0123456789ab",
  scope: "cand-0001",
  seconds: 60,
};
const specWith = (changes: object) => ({
  schema: "baton.candidate.v1",
  name: "Trend",
  thesis: "Prices that rose go on rising for a while.",
  universe: [{ instrument: "SPX" }],
  strategy: { plugin: "sma-cross", grid: [{ fast: 5 }] },
  regimes: [{ name: "calm", expectation: "It earns." }],
  expectation: { metric: "sharpe", atLeast: 0.3 },
  promotion: { target: "shadow", notional: 1000 },
  ...changes,
});

/** Every place that takes text, with how a text gets there. */
const PLACES: readonly (readonly [string, (text: string) => z.ZodSafeParseResult<unknown>])[] = [
  ["identity", (text) => Identity.safeParse(text)],
  ["identity of a command", (by) => Command.safeParse({ ...asked, by, type: "cancel", why: "x" })],
  ...(["approve", "reject", "pause", "resume", "send-back", "cancel"] as const).map(
    (type) =>
      [`why of ${type}`, (why: string) => Command.safeParse({ ...asked, type, why })] as const,
  ),
  ["why of kill-switch", (why) => ControlCommand.safeParse({ ...mesh, type: "kill-switch", why })],
  ["why of emergency", (why) => ControlCommand.safeParse({ ...emergency, ticket: "T-1", why })],
  ["ticket", (ticket) => ControlCommand.safeParse({ ...emergency, why: "x", ticket })],
  ["name", (name) => CandidateSpec.safeParse(specWith({ name }))],
  ["thesis", (text) => CandidateSpec.safeParse(specWith({ thesis: `${text} ${"x".repeat(20)}` }))],
  [
    "name of a regime",
    (name) => CandidateSpec.safeParse(specWith({ regimes: [{ name, expectation: "x" }] })),
  ],
  [
    "expectation in a regime",
    (expectation) => CandidateSpec.safeParse(specWith({ regimes: [{ name: "x", expectation }] })),
  ],
];

test.each(PLACES)("%s: what can't be printed is refused by place and code point", (_, parse) => {
  expect(parse("bée 7").error?.issues).toBeUndefined();
  const faults = ["\u0000", "\u001b", "\u009b", "\u202e", "\u2066", "\u200b", "\ufeff", "\u3164"];
  for (const hidden of faults) {
    const code = hidden.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    const [issue, ...others] = parse(`bée${hidden}7`).error?.issues ?? [];
    expect(others).toEqual([]);
    expect(issue?.message).toMatch(new RegExp(`^[a-z]+: .*; U\\+${code} at character 4 `));
  }
});

test("a reason and a thesis may have several lines, a name may not", () => {
  const lines = "one,\nand two, which makes it long enough";
  expect(CandidateSpec.safeParse(specWith({ thesis: lines })).success).toBe(true);
  expect(Command.safeParse({ ...asked, type: "cancel", why: lines }).success).toBe(true);
  expect(CandidateSpec.safeParse(specWith({ name: lines })).error?.issues[0]?.message).toBe(
    "name: printable characters only; U+000A at character 5 begins a new line",
  );
});

test("the name of a parameter is text too", () => {
  const grid = [{ "fa\u202est": 5 }];
  const found = CandidateSpec.safeParse(specWith({ strategy: { plugin: "sma-cross", grid } }));
  expect(found.success).toBe(false);
});
