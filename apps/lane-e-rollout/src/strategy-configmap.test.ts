import { expect, test } from "vitest";
import { parse } from "yaml";

import { readStrategy, renderStrategy, withLimits } from "./strategy-configmap.ts";

const bar = { date: "2012-06-29", open: 1, high: 1, low: 1, close: 2615.72, volume: 1 };
const signals = [
  {
    instrument: "NDX",
    sha256: "a".repeat(64),
    bars: [bar],
    cut: 1,
    share: 1,
    parameters: { slow: 200, fast: 50 },
    targets: [1],
    lastBar: bar,
  },
];
const ids = { candidateId: "cand-000000000001", runId: "run-000000000001" };

function rendered(plugin = "sma-cross", target: "shadow" | "paper" | "live" = "live") {
  const inputs = {
    plugin: { plugin, sourceSha256: "b".repeat(64) },
    research: { spec: { costBps: 5, promotion: { target, notional: 100_000 } } },
  };
  return renderStrategy(ids, inputs, signals);
}

test("a strategy is rendered at L0 with the share of its notional, to the same bytes each time", () => {
  const strategy = rendered();
  expect(rendered().text).toBe(strategy.text);
  const { settings, limits, rendered: back } = readStrategy(strategy.text);
  expect(back).toEqual(strategy);
  expect(limits).toMatchObject({ level: "L0", notional: 5000, enabled: true });
  expect(settings).toMatchObject({
    ...ids,
    instruments: [{ instrument: "NDX", signal: { weight: 1, date: "2012-06-29", close: 2615.72 } }],
  });
  expect(readStrategy(rendered("sma-cross", "shadow").text).limits.notional).toBe(0);
});

test("a ramp step changes the limits and not a byte of the strategy", () => {
  const ground = rendered();
  const raised = withLimits(ground.text, "L2", 50_000);
  const data = (text: string) => parse(text).data;
  expect(data(raised.text)["strategy.json"]).toBe(data(ground.text)["strategy.json"]);
  expect(raised).toMatchObject({ level: "L2", notional: 50_000 });
  expect(raised.hash).not.toBe(ground.hash);
  expect(withLimits(raised.text, "L0", 5000)).toEqual(ground);
});

test("a hostile value stays one value", () => {
  const hostile = "x'\"\n---\nkind: Secret\n#";
  const { text } = rendered(hostile);
  expect(parse(text).kind).toBe("ConfigMap");
  expect(readStrategy(text).settings.plugin).toBe(hostile);
});

test.each([
  "",
  "kind: Secret",
  "[",
  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {}",
])("%j is refused as a strategy, for good", (text) => {
  expect(() => readStrategy(text)).toThrow(
    expect.objectContaining({ code: "E_STRATEGY_FILE", class: "deterministic" }),
  );
});
