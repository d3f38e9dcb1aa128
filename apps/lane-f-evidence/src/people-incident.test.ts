/** Recovery from an incident that people opened. */
import { IncidentRecord } from "@baton/artifacts";
import type { Entry, IncidentClass } from "@baton/contracts";
import { eventually } from "@baton/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { drillStrategyFile } from "./drill-strategy.ts";
import { worldOf } from "./ports.ts";
import { configHashOf } from "./strategy-file.ts";
import {
  accountOf,
  type EvidenceWorld,
  startEvidenceWorld,
  untilHolding,
} from "./testing/evidence-world.ts";
import { journalEntry } from "./testing/journal.ts";
import { promotable, RUN, SOURCE } from "./testing/run-artifacts.ts";
import { runStage, type StageRan } from "./testing/run-stage.ts";

const RECORD = "incident/incident-record.json";
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

const record = ({ context }: StageRan) => context.outputJson(RECORD, IncidentRecord);
const account = () => accountOf(world, candidateId);

/** An incident that people opened on the test's candidate, in the mesh's controls and in its journal. */
async function openIncident(kind: IncidentClass, more: Partial<Entry> = {}) {
  const on = { kind: "candidate", candidateId };
  const { controls } = await world.mesh.control({
    type: "incident",
    class: kind,
    scope: on,
    by: "ann",
    why: "it looks odd",
  });
  const { id, by, why } = controls.incidents.at(-1) ?? { id: "", by: "", why: "" };
  const entry = {
    candidateId,
    stage: "incident-recovery",
    reason: "INCIDENT" as const,
    incident: { id, class: kind, ticket: null, before: [] },
    cause: { kind: "incident" as const, incidentId: id, class: kind, by, why },
    ...more,
  };
  world.journal.splice(0, 9, journalEntry(1, { candidateId }), journalEntry(2, entry));
  return id;
}

/** Recovers from the incident, in a run of its own unless said otherwise. */
const recover = (over: Partial<Parameters<typeof runStage>[1]> = {}, options = world.options) =>
  runStage(options, {
    stage: "incident-recovery",
    candidateId,
    inputs: promotable("paper", -1, candidateId),
    inputsOf: RUN,
    sequence: 20,
    ...over,
  });

test(
  "what a closed candidate had rolled out is taken off main by the run that recovers from people's incident, once",
  { timeout: SLOW },
  async () => {
    await deploy(EARLIER);
    await deploy(RUN);
    await untilHolding(world, candidateId, true);
    const id = await openIncident("A");
    const runId = "run-recovery00001";
    const first = await recover({ runId });
    expect(first.outcome).toMatchObject({ kind: "done", verdict: "pass" });
    expect(record(first)).toMatchObject({
      incidentId: id,
      class: "A",
      classes: ["A"],
      declaredBy: "person",
      reasons: ["it looks odd"],
      containment: { action: "restored", killSwitchEngaged: false },
    });
    const again = await recover({ runId, attempt: 2 });
    expect(again.context.outputs.get(RECORD)).toEqual(first.context.outputs.get(RECORD));
    expect(configHashOf((await world.onMain()).get(`${candidateId}.yaml`))).toBe(
      configHashOf(text(EARLIER)),
    );
  },
);

test(
  "an incident before there is any artifact or anything rolled out is recovered from; class B stops the account",
  { timeout: SLOW },
  async () => {
    const guard = { from: "research-intake", to: "incident-recovery", rule: "x" };
    await openIncident("B", { guard });
    const ran = await recover({ inputs: {} });
    expect(ran.outcome).toMatchObject({ kind: "done", verdict: "pass" });
    expect(record(ran)).toMatchObject({
      class: "B",
      stage: "research-intake",
      containment: { action: "nothing-deployed", killSwitchEngaged: true },
      recovered: true,
    });
    expect((await account().killSwitch.get()).account.engaged).toBe(true);
  },
);

test(
  "after recovery no rollout that was dispatched before it changes main any more",
  { timeout: SLOW },
  async () => {
    await openIncident("C");
    await recover();
    const late = { candidateId, runId: RUN, text: text(RUN) };
    await expect(world.deploy({ ...late, step: "L0", dispatch: 19 })).rejects.toMatchObject({
      code: "E_GIT_FENCED",
      class: "policy",
    });
    expect((await world.onMain()).has(`${candidateId}.yaml`)).toBe(false);
    await world.deploy({ ...late, step: "L1", dispatch: 30 });
    expect((await world.onMain()).has(`${candidateId}.yaml`)).toBe(true);
  },
);

test(
  "J8: where Git can't be reached an emergency closes the account at the broker, once, and nothing opens it again",
  { timeout: 2 * SLOW },
  async () => {
    await deploy(RUN);
    await untilHolding(world, candidateId, true);
    const incidentId = await openIncident("C");
    const { gitops } = world.options;
    const away = { ...gitops, repository: "http://127.0.0.1:1/gitops.git" };
    const cut = { ...world.options, gitops: away };
    const without = await recover({}, cut);
    expect(without.outcome).toMatchObject({
      failure: { class: "transient", code: "E_GIT_UNAVAILABLE" },
    });
    expect(await account().positions()).toHaveLength(1);

    const emergency = { incidentId, ticket: "OPS-7", scope: candidateId, seconds: 60 };
    await world.mesh.control({ type: "emergency", by: "ann", ...emergency });
    const first = await recover({}, cut);
    expect(first.outcome).toMatchObject({ kind: "done", verdict: "fail" });
    expect(record(first)).toMatchObject({
      containment: {
        action: "emergency",
        configHash: null,
        killSwitchEngaged: true,
        emergency: {
          ticket: "OPS-7",
          declaredBy: "ann",
          closed: [{ instrument: "DRILL", side: "sell", quantity: "1" }],
          left: [],
        },
      },
      checks: [
        { check: "scheduler", passed: false },
        { check: "freshness", passed: true },
        { check: "risk-engine", passed: true },
        { check: "paper-execution", passed: true },
        { check: "reconciliation", passed: true },
      ],
    });
    const again = await recover({ attempt: 2 }, cut);
    expect(again.context.outputs.get(RECORD)).toEqual(first.context.outputs.get(RECORD));
    const orders = await account().listOrders();
    expect(orders.map(({ side }) => side)).toEqual(["buy", "sell"]);
    const { engine } = worldOf(world.options, first.context);
    // Main still asks for the position: the engine sees that it's gone, and leaves it at that.
    await eventually(
      async () => {
        const { strategies } = await engine.status();
        const own = strategies.find((one) => one.candidateId === candidateId);
        return own?.settled === false;
      },
      { what: "the engine has looked", withinMs: 15_000 },
    );
    expect(await account().positions()).toEqual([]);

    const late = () => new Date(Date.now() + 120_000);
    const over = await recover({ now: late }, cut);
    expect(over.outcome).toMatchObject({ failure: { code: "E_GIT_UNAVAILABLE" } });
    const mended = await recover({ runId: RUN });
    expect(record(mended).containment).toEqual({
      action: "removed",
      configHash: null,
      killSwitchEngaged: true,
    });
  },
);
