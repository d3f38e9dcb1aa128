import { IncidentRecord, ObservedIncident } from "@baton/artifacts";
import type { Entry } from "@baton/contracts";
import { eventually } from "@baton/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { drillStrategyFile } from "./drill-strategy.ts";
import { configHashOf } from "./strategy-file.ts";
import {
  accountOf,
  type EvidenceWorld,
  startEvidenceWorld,
  untilHolding,
} from "./testing/evidence-world.ts";
import { gateFailure, journalEntry } from "./testing/journal.ts";
import { promotable, RUN, SOURCE } from "./testing/run-artifacts.ts";
import { runStage, type StageRan } from "./testing/run-stage.ts";

const RECORD = "incident/incident-record.json";
const OBSERVED = "observed/incident-recovery.json";
const EARLIER = "run-earlier00000";
const SLOW = 60_000;
const text = (runId: string) =>
  drillStrategyFile({ drillId: candidateId, runId, sourceSha256: SOURCE, enabled: true });

let world: EvidenceWorld;
/** Each test has a candidate of its own. */
let candidateId = "";
let tests = 0;
beforeAll(async () => {
  world = await startEvidenceWorld();
}, 30_000);
beforeEach(() => {
  candidateId = `cand-incident-${(tests += 1)}`;
});
afterAll(async () => world[Symbol.asyncDispose]());

const deploy = (runId: string) =>
  world.deploy({ candidateId, runId, step: "L0", text: text(runId) });

function run(reasons: readonly string[], from = "continuous-monitoring"): Promise<StageRan> {
  const opened = { ...gateFailure(from, reasons), candidateId };
  world.journal.splice(0, 9, journalEntry(1, { candidateId }), journalEntry(2, opened));
  return runStage(world.options, {
    stage: "incident-recovery",
    candidateId,
    inputs: promotable("paper", -1, candidateId),
    sequence: 20,
  });
}
const record = ({ context }: StageRan) => context.outputJson(RECORD, IncidentRecord);
const account = () => accountOf(world, candidateId);

test(
  "J4: the strategy is taken off main once, the account runs down, and all five checks pass",
  { timeout: SLOW },
  async () => {
    await deploy(RUN);
    await untilHolding(world, candidateId, true);
    const first = await run(["performance: performance_drift: total is below"]);
    expect(first.outcome).toMatchObject({ kind: "done", verdict: "pass" });
    expect(record(first)).toMatchObject({
      class: "D",
      stage: "continuous-monitoring",
      declaredBy: "gate",
      containment: { action: "removed", configHash: null, killSwitchEngaged: false },
      recovered: true,
      checks: [
        { check: "scheduler", passed: true },
        { check: "freshness", passed: true },
        { check: "risk-engine", passed: true },
        { check: "paper-execution", passed: true },
        { check: "reconciliation", passed: true },
      ],
    });
    expect(await account().positions()).toEqual([]);
    expect((await world.onMain()).size).toBe(0);
    const again = await run(["performance: performance_drift: total is below"]);
    expect(again.context.outputs.get(RECORD)).toEqual(first.context.outputs.get(RECORD));
    const commits = [first, again].map(
      ({ context }) => context.outputJson(OBSERVED, ObservedIncident).containment,
    );
    expect(commits.map((of) => of?.effect)).toEqual(["done", "already"]);
    expect(commits[1]?.commit).toBe(commits[0]?.commit);
  },
);

test("what an earlier run had rolled out comes back", { timeout: SLOW }, async () => {
  await deploy(EARLIER);
  await deploy(RUN);
  const ran = await run(["data: data_drift: NDX"]);
  expect(ran.outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const hash = configHashOf(text(EARLIER));
  expect(record(ran).containment).toEqual({
    action: "restored",
    configHash: hash,
    killSwitchEngaged: false,
  });
  expect(configHashOf((await world.onMain()).get(`${candidateId}.yaml`))).toBe(hash);
});

test(
  "J7: under the mesh's kill switch the strategy is contained and the checks wait for the release, instead of failing",
  { timeout: SLOW },
  async () => {
    await deploy(RUN);
    await untilHolding(world, candidateId, true);
    const isEngaged = async () => (await account().killSwitch.get()).engaged;
    await world.mesh.control({ type: "kill-switch", by: "ann" });
    await eventually(isEngaged, { what: "the broker's switch is engaged", withinMs: 15_000 });
    const waiting = await run(["data: data_drift: NDX"]);
    for (const by of ["ann", "ben"]) await world.mesh.control({ type: "release-kill-switch", by });
    expect(waiting.outcome).toMatchObject({
      failure: { class: "policy", code: "E_KILL_SWITCH" },
    });
    expect((await world.onMain()).has(`${candidateId}.yaml`)).toBe(false);
    await eventually(async () => !(await isEngaged()), {
      what: "the broker's switch is released",
      withinMs: 15_000,
    });
    const ran = await run(["data: data_drift: NDX"]);
    expect(record(ran)).toMatchObject({ recovered: true, containment: { action: "removed" } });
  },
);

test(
  "a run that carried on what an earlier one had rendered takes that off main",
  { timeout: SLOW },
  async () => {
    await deploy(EARLIER);
    await untilHolding(world, candidateId, true);
    const opened = { ...gateFailure("live-ramp", ["ramp: stopped"]), candidateId };
    world.journal.splice(0, 9, journalEntry(1, { candidateId }), journalEntry(2, opened));
    const ran = await runStage(world.options, {
      stage: "incident-recovery",
      candidateId,
      inputs: {
        ...promotable("paper", -1, candidateId),
        "paper-candidate/strategy-configmap-patch.yaml": new TextEncoder().encode(text(EARLIER)),
      },
      sequence: 20,
    });
    expect(record(ran)).toMatchObject({ recovered: true, containment: { action: "removed" } });
    expect((await world.onMain()).has(`${candidateId}.yaml`)).toBe(false);
    expect(await account().positions()).toEqual([]);
  },
);

test(
  "nothing of a candidate that a person rejected stays on main, also not of an earlier run",
  { timeout: SLOW },
  async () => {
    await deploy(EARLIER);
    await deploy(RUN);
    await untilHolding(world, candidateId, true);
    const ending: Partial<Entry> = {
      candidateId,
      reason: "INCIDENT",
      stage: "incident-recovery",
      guard: { from: "live-ramp", to: "incident-recovery", rule: "transition_allowed" },
      cause: {
        kind: "command",
        commandId: "cmd-reject",
        type: "reject",
        by: "kim",
        why: "too much risk in one position",
      },
    };
    world.journal.splice(0, 9, journalEntry(1, { candidateId }), journalEntry(2, ending));
    const ran = await runStage(world.options, {
      stage: "incident-recovery",
      candidateId,
      inputs: promotable("paper", -1, candidateId),
      sequence: 20,
    });
    expect(record(ran)).toMatchObject({
      class: "D",
      stage: "live-ramp",
      declaredBy: "person",
      reasons: ["too much risk in one position"],
      containment: { action: "removed", killSwitchEngaged: false },
      recovered: true,
    });
    expect((await world.onMain()).has(`${candidateId}.yaml`)).toBe(false);
    expect(await account().positions()).toEqual([]);
  },
);

test(
  "J7: a class B incident stops the account until a person releases it",
  { timeout: SLOW },
  async () => {
    const ran = await run(
      ["kill-switch_drill: rollback_checks_missing_or_failed"],
      "rollback-readiness",
    );
    expect(record(ran)).toMatchObject({
      class: "B",
      containment: { action: "nothing-deployed", killSwitchEngaged: true },
    });
    const { account: own, all } = await account().killSwitch.get();
    expect([own.engaged, all.engaged]).toEqual([true, false]);
  },
);

test(
  "a check that fails leaves the incident with a person, and says what to mend",
  { timeout: SLOW },
  async () => {
    const broker = account();
    await broker.submit({
      client_order_id: "stray",
      symbol: "SPX",
      qty: "1",
      side: "buy",
      type: "market",
      time_in_force: "day",
      reference_price: "1",
    });
    const ran = await run(["run_hash: run_hash_drift: x"]);
    expect(ran.outcome).toMatchObject({ kind: "done", verdict: "fail" });
    expect(record(ran).next[0]).toBe("Mend reconciliation: 1 position is still held");
  },
);

test("an entry that a replica doesn't have yet is waited for", async () => {
  world.journal.splice(0, 9, journalEntry(1, { candidateId }));
  const { outcome } = await runStage(world.options, {
    stage: "incident-recovery",
    candidateId,
    inputs: promotable("paper", -1, candidateId),
    sequence: 20,
  });
  expect(outcome).toMatchObject({ failure: { class: "transient", code: "E_JOURNAL_BEHIND" } });
});
