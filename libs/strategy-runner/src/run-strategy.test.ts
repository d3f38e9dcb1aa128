/** Authored strategies in the real sandbox: honest ones give their weights, and what others do is told with its row. */
import { testSandbox } from "@baton/testkit";
import { beforeAll, describe, expect, test, vi } from "vitest";

import { runStrategy, type StrategyAnswer, type StrategyRun } from "./run-strategy.ts";

vi.setConfig({ testTimeout: 60_000 });

let sandbox: Awaited<ReturnType<typeof testSandbox>>;
beforeAll(async () => {
  sandbox = await testSandbox();
});

const signal = new AbortController().signal;
const BARS = Array.from({ length: 120 }, (_, row) => {
  const close = 100 + 10 * Math.sin(row / 7);
  const date = new Date(Date.UTC(2020, 0, 1 + row)).toISOString().slice(0, 10);
  return { date, open: close, high: close, low: close, close, volume: 1 };
});
const run = (source: string, over: Partial<StrategyRun> = {}) =>
  runStrategy(
    {
      source,
      sets: [{ rows: 5 }, { rows: 20 }],
      seed: 7,
      warmUpRows: 20,
      weights: { least: 0, most: 1 },
      bars: BARS,
      ...over,
    },
    { sandbox, signal },
  );

function faultOf(answer: StrategyAnswer) {
  if (answer.kind !== "fault") throw new Error(`no fault: ${JSON.stringify(answer)}`);
  return answer.fault;
}

const MOMENTUM = `
export function target(bars: readonly { close: number }[], { rows }: { rows: number }): number {
  const now = bars[bars.length - 1]!.close;
  return now > bars[bars.length - 1 - rows]!.close ? 1 : 0;
}`;

test("a weight per set and row, 0 while it warms up, and the same again", async () => {
  const answer = await run(MOMENTUM);
  if (answer.kind !== "targets") throw new Error(JSON.stringify(answer));
  for (const [k, rows] of [5, 20].entries())
    expect([...(answer.targets[k] ?? [])]).toEqual(
      BARS.map(({ close }, row) =>
        row >= 20 && close > (BARS[row - rows]?.close ?? Number.NaN) ? 1 : 0,
      ),
    );
  expect(await run(MOMENTUM)).toEqual(answer);
});

test("the seed is all the chance there is", async () => {
  const source = "export const target = (bars, p, seed) => (seed * bars.length) % 2;";
  const answer = await run(source);
  expect(answer).toMatchObject({ kind: "targets" });
  expect(await run(source, { seed: 8 })).not.toEqual(answer);
});

const body = (code: string) => `export function target(bars, parameters, seed) { ${code} }`;

describe.each([
  ["asks for a later row", body("return bars[bars.length].close > 1 ? 1 : 0;"), "E_LOOK_AHEAD"],
  ["reads the clock", body("return Date.now() % 2;"), "E_STRATEGY_THROWS"],
  ["makes a date", body("return new Date().getDay() / 7;"), "E_STRATEGY_THROWS"],
  ["measures time", body("return performance.now();"), "E_STRATEGY_THROWS"],
  ["draws at random", body("return Math.random();"), "E_STRATEGY_THROWS"],
  ["asks the network", body('fetch("http://127.0.0.1"); return 0;'), "E_STRATEGY_THROWS"],
  ["reads the environment", body("return process.env.HOME ? 1 : 0;"), "E_STRATEGY_THROWS"],
  [
    "looks for its way out",
    body('return bars.constructor.constructor("return process")().pid;'),
    "E_STRATEGY_THROWS",
  ],
  ["changes its history", body("bars.push(bars[0]); return 0;"), "E_STRATEGY_THROWS"],
  ["changes a bar", body("bars[0].close = 1; return 0;"), "E_STRATEGY_THROWS"],
  ["returns NaN", body("return 0 / 0;"), "E_STRATEGY_WEIGHT"],
  ["returns no number", body('return "1";'), "E_STRATEGY_WEIGHT"],
  ["asks for more than it declared", body("return 1.5;"), "E_STRATEGY_WEIGHT"],
  ["imports a package from within", body('import("node:fs"); return 0.5;'), "E_STRATEGY_KILLED"],
])("one that %s", (_, source, code) => {
  test(`is told as ${code}, with the row`, async () => {
    const answer = await run(source);
    expect(answer).toMatchObject({ kind: "fault", fault: { code } });
    const fault = faultOf(answer);
    expect(fault.row).toBeGreaterThanOrEqual(20);
    expect(fault.date).toBe(BARS[fault.row ?? -1]?.date);
  });
});

test.each([
  ["imports", 'import fs from "node:fs"; export const target = () => 0;', /it imports "node:fs"/],
  ["has no target", "export const weight = () => 0;", /doesn't export a function called target/],
  ["isn't TypeScript", "this is no program", /SyntaxError/],
  ["throws while it is loaded", 'throw new Error("no"); export const target = 1;', /Error: no/],
])("one that %s is refused before the first row", async (_, source, message) => {
  const answer = await run(source);
  expect(answer).toMatchObject({ kind: "fault", fault: { code: "E_STRATEGY_SOURCE", row: null } });
  expect(faultOf(answer).message).toMatch(message);
});

test("one that takes all memory is ended, and told as that", async () => {
  const source = body("const all = []; for (;;) all.push(new Float64Array(1e6).fill(1));");
  expect(await run(source)).toMatchObject({ kind: "fault", fault: { code: "E_STRATEGY_KILLED" } });
});

test("one that never answers is tried again, for a machine that is too busy looks the same", async () => {
  const loop = { source: body("for (;;);"), sets: [{}], seed: 1, warmUpRows: 1, bars: BARS };
  const answer = await runStrategy(
    { ...loop, weights: { least: 0, most: 1 } },
    { sandbox, signal, rowMs: 2000 },
  );
  expect(answer).toMatchObject({
    kind: "unavailable",
    failure: { class: "transient", code: "E_STRATEGY_SLOW" },
  });
});

test("a stop ends one that never returns", async () => {
  const controller = new AbortController();
  const running = runStrategy(
    {
      source: body("for (;;);"),
      sets: [{}],
      seed: 1,
      warmUpRows: 1,
      weights: { least: 0, most: 1 },
      bars: BARS,
    },
    { sandbox, signal: controller.signal },
  );
  controller.abort(new Error("stopped"));
  await expect(running).rejects.toThrow("stopped");
});

test("text of a source is shown as text", async () => {
  const answer = await run(body(String.raw`throw new Error("\u001b[31mred\u0007");`));
  const fault = faultOf(answer);
  expect(fault.message).not.toMatch(/\p{C}/u);
});
