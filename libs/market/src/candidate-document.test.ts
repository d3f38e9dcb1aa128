import { DEFAULT_WALK_FORWARD_LIMITS as LIMITS } from "@baton/contracts";
import { expect, test } from "vitest";

import { readCandidate } from "./candidate-document.ts";
import { jsonPath, problemsText } from "./spec-problems.ts";

const SPEC = {
  schema: "baton.candidate.v1",
  name: "Trend of the S&P 500",
  thesis: "Slow changes go on for longer than people expect.",
  universe: [{ instrument: "SPX" }],
  strategy: { plugin: "sma-cross", grid: [{ fast: 10, slow: 50 }] },
  regimes: [{ name: "rise", expectation: "Invested." }],
  expectation: { metric: "sharpe", atLeast: 0.4 },
  promotion: { target: "shadow", notional: 1000 },
};

const placesOf = (document: unknown) =>
  (readCandidate(document, LIMITS).problems ?? []).map(
    ({ path, rule }) => `${jsonPath(path)}: ${rule}`,
  );

test("a right one comes with its defaults", () => {
  expect(readCandidate(SPEC, LIMITS)).toMatchObject({
    spec: { costBps: 5, holdoutRows: 252, seed: 1 },
  });
});

test("parts of the right shape are looked at where another part has the wrong one", () => {
  const { schema: _, ...rest } = SPEC;
  const places = placesOf({
    ...rest,
    universe: [{ instrument: "SPX" }, { instrument: "SPX" }, { instrument: "DAX" }],
    strategy: { plugin: "sma-cross", grid: [{ fast: 10, slw: 50 }] },
    costsBps: 5,
  });
  for (const place of [
    /^schema: expected "baton.candidate.v1"/,
    /^costsBps: unknown key; known here: schema, name/,
    /^universe\[1\]\.instrument: each instrument only once/,
    /^universe\[2\]\.instrument: neither built in \(SPX, NDX, AAPL\) nor given as csv/,
    /^strategy\.grid\[0\]\.slw: sma-cross: /,
  ])
    expect(places).toContainEqual(expect.stringMatching(place));
});

test("a text that YAML read as a number or a truth is named as such", () => {
  const places = placesOf({ ...SPEC, name: 2024, universe: [{ instrument: true }] });
  expect(places).toContain(
    "name: expected string; without quotes YAML reads it as a number: write the text as it is meant in quotes",
  );
  expect(places).toContainEqual(expect.stringContaining("YAML reads it as a boolean"));
});

test("a text about many places has all paths and a bounded length", () => {
  const grid = Array.from({ length: 300 }, () => ({ fast: "x".repeat(5000) }));
  const { problems = [] } = readCandidate(
    { ...SPEC, strategy: { plugin: "sma-cross", grid } },
    LIMITS,
  );
  expect(problems.length).toBeGreaterThanOrEqual(300);
  expect(problemsText(problems).length).toBeLessThanOrEqual(2000);
});
