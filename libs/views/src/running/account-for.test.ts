/** What a journal accounts for of a file on main, case by case. */
import type { RampLevel, StrategyLimits, StrategySettings } from "@baton/artifacts";
import { digestOf, drillPrefixOf, notionalAt } from "@baton/playbook";
import { sampleEntry } from "@baton/testkit";
import { describe, expect, test } from "vitest";

import {
  accountFor,
  accountForDrill,
  RAMPED_STRATEGY,
  type StrategyOnMain,
  writtenAs,
} from "./account-for.ts";
import { differenceText } from "./difference-text.ts";
import { drillStrategy } from "./drill-strategy.ts";
import { strategyText } from "./strategy-text.ts";

const PROMOTION = { target: "live", notional: 2_000_000 } as const;
const RUN = "run-000000000002";
const EARLIER = "run-000000000001";

const settingsOf = (over: Partial<StrategySettings> = {}): StrategySettings => ({
  schemaVersion: "baton.strategy.v1",
  candidateId: "cand-sample",
  runId: RUN,
  plugin: "sma-cross",
  sourceSha256: "a".repeat(64),
  costBps: 5,
  instruments: [
    {
      instrument: "SPX",
      share: 1,
      parameters: { fast: 50, slow: 200 },
      signal: { weight: 1, date: "2020-04-17", close: 100 },
    },
  ],
  ...over,
});
const limitsAt = (level: RampLevel, over: Partial<StrategyLimits> = {}): StrategyLimits => ({
  schemaVersion: "baton.strategy-limits.v1",
  level,
  notional: notionalAt(level, PROMOTION),
  enabled: true,
  ...over,
});
const fileAt = (level: RampLevel, over: Partial<StrategyLimits> = {}, settings = settingsOf()) => ({
  settings,
  limits: limitsAt(level, over),
});
const digestAt = (level: RampLevel, settings = settingsOf()) =>
  digestOf(strategyText(settings, limitsAt(level)));
const reported = (
  name: string,
  sha256: string,
  { stage, runId = RUN }: { stage: string; runId?: string },
) => ({
  name,
  sha256,
  bytes: 1,
  stage,
  runId,
});
const PATCH = reported("paper-candidate/strategy-configmap-patch.yaml", digestAt("L0"), {
  stage: "shadow-paper",
});
const ramped = (level: RampLevel, runId = RUN) =>
  reported(RAMPED_STRATEGY, digestAt(level), { stage: "live-ramp", runId });

type Changes = Parameters<typeof sampleEntry>[0];
const entry = (changes: Changes = {}) =>
  sampleEntry({
    runId: RUN,
    stage: "live-ramp",
    holder: "lane-e",
    promoted: true,
    visited: ["shadow-paper", "live-ramp"],
    spec: { promotion: PROMOTION },
    artifacts: [PATCH],
    ...changes,
  });
const shadow = (changes: Changes = {}) =>
  entry({ stage: "shadow-paper", visited: ["shadow-paper"], artifacts: [], ...changes });
const monitored = (...artifacts: (typeof PATCH)[]) =>
  entry({ stage: "continuous-monitoring", holder: "lane-f", artifacts: [PATCH, ...artifacts] });
const why = (
  file: ReturnType<typeof fileAt>,
  last: ReturnType<typeof entry> | undefined,
  { written = true, ofRun }: { written?: boolean; ofRun?: ReturnType<typeof entry> } = {},
) => {
  const account = accountFor(file, { last, ofRun, written });
  return account.kind === "accounted" ? "accounted" : `${account.kind}: ${account.problem.why}`;
};

test("what wants nothing needs no account", () => {
  expect(why(fileAt("L3", { enabled: false }), undefined)).toBe("accounted");
  expect(why(fileAt("L3", { notional: 0 }), undefined)).toBe("accounted");
});

test("nothing of an unknown, another or an unpromoted candidate runs", () => {
  expect(why(fileAt("L0"), undefined)).toBe("out: unknown");
  expect(why(fileAt("L0"), entry({ candidateId: "cand-other" }))).toBe("out: unknown");
  expect(why(fileAt("L0"), entry({ promoted: false }))).toBe("out: not-promoted");
});

test("what people ended is held, what completed runs on", () => {
  const closed = { holder: "closed", awaits: null, artifacts: [PATCH, ramped("L3")] } as const;
  expect(why(fileAt("L3"), entry({ ...closed, reason: "REJECTED" }))).toBe("held: ended");
  const over = entry({ ...closed, stage: "audit-evidence", reason: "COMPLETED" });
  expect(why(fileAt("L3"), over)).toBe("accounted");
});

describe("while shadow-paper is at work", () => {
  test("L0 of its run that lane E wrote down, and nothing else", () => {
    expect(why(fileAt("L0"), shadow())).toBe("accounted");
    expect(why(fileAt("L0"), shadow(), { written: false })).toBe("held: not-written");
    expect(why(fileAt("L1"), shadow())).toBe("held: level");
    expect(why(fileAt("L0", { notional: 1e9 }), shadow())).toBe("held: notional");
    // Of another run it must be what that one reported.
    const other = fileAt("L0", {}, settingsOf({ runId: EARLIER }));
    expect(why(other, shadow())).toBe("held: strategy");
  });

  test("what stopped it doesn't make it more", () => {
    const asked = shadow({ holder: "review", awaits: null });
    expect(why(fileAt("L0"), asked)).toBe("held: strategy");
  });
});

describe("while a ramp is at work", () => {
  test("each level that lane E wrote down, of the strategy that shadow-paper reported", () => {
    for (const level of ["L1", "L2", "L3"] as const) {
      expect(why(fileAt(level), entry())).toBe("accounted");
      expect(why(fileAt(level), entry(), { written: false })).toBe("held: not-written");
      const other = fileAt(level, {}, settingsOf({ costBps: 6 }));
      expect(why(other, entry())).toBe("held: strategy");
    }
    expect(why(fileAt("L0"), entry(), { written: false })).toBe("accounted");
  });

  test("less than a level's notional is everybody's to lower, more is nobody's", () => {
    expect(why(fileAt("L1", { notional: 1 }), entry())).toBe("accounted");
    const more = notionalAt("L1", PROMOTION) + 1;
    expect(why(fileAt("L1", { notional: more }), entry())).toBe("held: notional");
    // Lane E wrote down the whole level: that is what is asked for, however little the file wants.
    expect(writtenAs(fileAt("L1", { notional: 1 }), { last: entry() })).toBe(digestAt("L1"));
  });

  test("of a candidate that isn't for live no level above L0", () => {
    const paper = entry({ spec: { promotion: { target: "paper", notional: 2_000_000 } } });
    expect(why(fileAt("L1"), paper)).toBe("held: level");
  });
});

test("after a ramp what it ended at counts, whatever became of its evidence", () => {
  expect(why(fileAt("L3"), monitored(ramped("L3")))).toBe("accounted");
  expect(why(fileAt("L1"), monitored(ramped("L0")))).toBe("held: level");
  expect(why(fileAt("L0"), monitored(ramped("L0")))).toBe("accounted");
  expect(why(fileAt("L1"), monitored())).toBe("held: level");
  // A ramp of this run that goes on isn't what an earlier one ended at.
  const again = entry({ artifacts: [PATCH, ramped("L0", EARLIER)] });
  expect(why(fileAt("L1"), again)).toBe("accounted");
});

test("what recovery hasn't come to is nobody's change, as long as it is what was accounted for", () => {
  const at = (holder: "lane-f" | "review", ...artifacts: (typeof PATCH)[]) =>
    entry({
      stage: "incident-recovery",
      holder,
      visited: ["shadow-paper", "live-ramp", "incident-recovery"],
      artifacts: [PATCH, ...artifacts],
    });
  // After the ramp, in the middle of it, and where recovery asked people.
  for (const last of [at("lane-f", ramped("L3")), at("lane-f"), at("review", ramped("L3"))]) {
    expect(why(fileAt("L3"), last)).toBe("held: recovering");
    expect(why(fileAt("L3"), last, { written: false })).toBe("held: not-written");
    expect(why(fileAt("L3", { notional: 1e9 }), last)).toBe("held: notional");
    const other = fileAt("L3", {}, settingsOf({ costBps: 6 }));
    expect(why(other, last)).toBe("held: strategy");
    expect(why(fileAt("L0"), last)).toBe("accounted");
  }
  expect(why(fileAt("L3"), at("lane-f", ramped("L0")))).toBe("held: level");
  const problem = { why: "recovering", has: "L3", holder: "lane-f" } as const;
  const one = { kind: "unaccounted", candidateId: "cand-sample", undone: null, problem } as const;
  const { found, action } = differenceText(one, "main.git");
  expect(found).toContain("recovery, which takes it out, waits for lane-f");
  expect(action).not.toContain("revert");
});

test("recovery takes down to L0, and may bring back what an earlier run had", () => {
  const recovery = entry({ stage: "incident-recovery", holder: "lane-f", artifacts: [PATCH] });
  expect(why(fileAt("L1"), recovery)).toBe("held: recovering");
  expect(why(fileAt("L0"), recovery)).toBe("accounted");
  const settings = settingsOf({ runId: EARLIER, costBps: 9 });
  const ofRun = entry({
    runId: EARLIER,
    artifacts: [{ ...PATCH, sha256: digestAt("L0", settings) }],
  });
  expect(why(fileAt("L0", {}, settings), recovery, { ofRun })).toBe("accounted");
  expect(why(fileAt("L0", {}, settings), recovery)).toBe("held: strategy");
});

test("an earlier run's strategy runs on while the next one is on its way", () => {
  const settings = settingsOf({ runId: EARLIER });
  const patch = { ...PATCH, runId: EARLIER, sha256: digestAt("L0", settings) };
  const end = reported(RAMPED_STRATEGY, digestAt("L3", settings), {
    stage: "live-ramp",
    runId: EARLIER,
  });
  const ofRun = entry({ runId: EARLIER, stage: "audit-evidence", artifacts: [patch, end] });
  const next = entry({ stage: "backtest-robustness", holder: "lane-c", artifacts: [] });
  expect(why(fileAt("L3", {}, settings), next, { ofRun })).toBe("accounted");
});

describe("a drill's strategy", () => {
  const drillId = `${drillPrefixOf(RUN)}abc`;
  const drill = drillStrategy({ drillId, runId: RUN, sourceSha256: "b".repeat(64), enabled: true });
  const atIt = entry({ stage: "rollback-readiness", holder: "lane-f" });
  const settingsWith = (over: Partial<StrategySettings["instruments"][number]>) => ({
    ...drill.settings,
    instruments: drill.settings.instruments.map((instrument) => ({ ...instrument, ...over })),
  });
  const twice = [...drill.settings.instruments, ...drill.settings.instruments];
  const cheap = { weight: 1, date: "2000-01-03", close: 0.0001 };
  const others: readonly (readonly [string, StrategyOnMain])[] = [
    ["price", { ...drill, settings: settingsWith({ signal: cheap }) }],
    ["instrument", { ...drill, settings: settingsWith({ instrument: "SPX" }) }],
    ["second one", { ...drill, settings: { ...drill.settings, instruments: twice } }],
    ["name", { ...drill, settings: { ...drill.settings, candidateId: "drill-other" } }],
    ["notional", { ...drill, limits: { ...drill.limits, notional: 99 } }],
    ["level", { ...drill, limits: { ...drill.limits, level: "L1" } }],
  ];

  test("is what drills are, while its run is at one", () => {
    expect(accountForDrill(drill, atIt)).toEqual({ kind: "accounted" });
    expect(accountForDrill(drill, entry()).kind).toBe("out");
    expect(accountForDrill(drill, undefined).kind).toBe("out");
  });

  test.each(others)("with another %s isn't", (_, file) => {
    expect(accountForDrill(file, atIt).kind).toBe("out");
  });
});
