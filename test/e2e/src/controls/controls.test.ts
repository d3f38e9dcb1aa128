/** Kill switch, incidents, emergencies on real processes: what stops, what goes on, and what it takes. */
import { STREAMS } from "@baton/contracts";
import { decideControl } from "@baton/playbook";
import { eventually } from "@baton/testkit";
import { particularsOf } from "@baton/views";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { runBaton } from "../run-baton.ts";
import { type ControlsWorld, openControlsWorld } from "./controls-world.ts";

/** On a machine that others use too. */
vi.setConfig({ testTimeout: 60_000 });

let world: ControlsWorld;
beforeAll(async () => {
  world = await openControlsWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const COMMIT = "0123456789".repeat(4);
const why = "orders are filled twice";

/** The journal is what the core decides on what is stored, controls included (J10). */
async function replays(...candidateIds: string[]): Promise<void> {
  for (const id of candidateIds) {
    const { code, stdout } = await runBaton(world.nats, ["guard", "replay", id]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("same")]);
  }
}

/** Opens an incident and answers with its id. */
async function open(scope: object): Promise<string> {
  const outcome = await world.control("olga", { type: "incident", class: "B", scope, why });
  expect(outcome).toMatchObject({ kind: "controlled", duplicate: false });
  return (await world.controls())?.incidents.at(-1)?.id ?? "";
}

function close(incidentId: string) {
  return world.control("olga", { type: "close-incident", incidentId });
}

/** The candidate that the kill switch stops on its way. */
let stopped: string;

describe("the kill switch, engaged while a candidate is on its way to shadow-paper", () => {
  test("stops it there by its code, with its result kept", async () => {
    stopped = await world.submit("on its way", { waits: ["prove"] });
    await world.working(stopped, "prove");
    const engaged = await world.control("author", { type: "kill-switch", why });
    expect(engaged).toMatchObject({ kind: "controlled", duplicate: false });
    world.letGo(stopped, "prove");
    const { entry } = await world.reason(stopped, "KILL_SWITCH");
    expect(entry).toMatchObject({ holder: "review", stage: "prove", awaits: null });
    expect(entry.kept).not.toBe(null);
    expect(particularsOf(entry)).toContain(`by author: ${why}`);
  });

  test("is told wherever people look", async () => {
    const baton = (...args: string[]) => runBaton(world.nats, args);
    const explained = await baton("explain", stopped);
    expect(explained.stdout).toContain(`the kill switch is engaged since `);
    expect(explained.stdout).toContain("Do: `baton kill-switch release --why …` by two people");
    const controls = await baton("get", "controls");
    expect(controls.stdout).toMatch(/^Kill switch: ENGAGED since .* by author: /);
    expect(controls.stdout).toContain("1 KILL_SWITCH");
    const move = ["--candidate-id", stopped, "--to-stage", "shadow-paper"];
    const guard = await baton("guard", "check-transition", "--mesh", ...move);
    expect(guard.code).toBe(5);
    expect(JSON.parse(guard.stdout)).toMatchObject({
      allowed: false,
      reason: "execution_controls_not_passed",
      controls: { stop: "KILL_SWITCH" },
    });
  });

  test("survives SIGKILL of the coordinator", async () => {
    await world.people.loop.coordinator().sigkill();
    await world.people.loop.startCoordinator().ready();
    const other = await world.submit("after the restart");
    await world.reason(other, "KILL_SWITCH");
    expect(world.started(other)).toEqual(["make", "prove"]);
  });
});

describe("the kill switch's release", () => {
  const release = { type: "release-kill-switch" };

  test("isn't had by one person, nor by the same one twice, whatever key she takes", async () => {
    expect(await world.control("olga", release)).toMatchObject({ code: "E_DENIED" });
    expect(await world.control("ann", release)).toMatchObject({
      kind: "controlled",
      detail: expect.stringContaining("A second person is needed by "),
    });
    for (const key of ["ann", "annsOther"] as const)
      expect(await world.control(key, release)).toMatchObject({ code: "E_CONFLICT" });
    expect((await world.controls())?.killSwitch?.releases).toMatchObject([{ by: "ann" }]);
    expect(world.started(stopped)).toEqual(["make", "prove"]);
  });

  test("is had by two, and what was stopped goes on by itself to its end", async () => {
    expect(await world.control("ben", release)).toMatchObject({
      kind: "controlled",
      detail: expect.stringContaining("Kill switch released by ann and ben"),
    });
    await world.reason(stopped, "COMPLETED");
    expect(world.started(stopped)).toEqual(["make", "prove", "shadow-paper"]);
    await replays(stopped);
  });
});

describe("an incident on one candidate leads it to recovery", () => {
  const ways: [string, Record<string, unknown>, (id: string) => Promise<unknown>][] = [
    ["in flight", { waits: ["prove"] }, (id) => world.working(id, "prove")],
    [
      "on hold",
      { waits: ["make"] },
      async (id) => {
        await world.working(id, "make");
        await world.people.send("olga", { type: "pause", candidateId: id });
      },
    ],
    ["in review", { needs: "approval" }, (id) => world.reason(id, "APPROVAL_REQUIRED")],
    ["closed", {}, (id) => world.reason(id, "COMPLETED")],
  ];
  test.each(ways)("that is %s, and is closed when that is through", async (name, spec, reach) => {
    const id = await world.submit(`incident while ${name}`, spec);
    await reach(id);
    const before = await world.people.loop.mesh.journal.last(id);
    const incident = await open({ kind: "candidate", candidateId: id });
    await world.reason(id, "RECOVERED");
    const history = await world.people.loop.mesh.journal.history(id);
    const led = history.find(({ entry }) => entry.cause.kind === "incident");
    expect(led?.entry).toMatchObject({
      stage: "recover",
      reason: "INCIDENT",
      hold: null,
      incident: { id: incident, class: "B" },
    });
    expect(led?.entry.prev).toBe(before?.sequence);
    expect(world.started(id).slice(-2)).toEqual(["recover", "audit"]);
    expect(await close(incident)).toMatchObject({ kind: "controlled" });
    await replays(id);
  });
});

describe("an incident on everything", () => {
  test("freezes those that go on, and they go on by themselves when it's closed", async () => {
    const id = await world.submit("frozen", { waits: ["make"] });
    await world.working(id, "make");
    const incident = await open({ kind: "all" });
    world.letGo(id, "make");
    const { entry } = await world.reason(id, "FROZEN");
    expect(particularsOf(entry)).toContain(`incident ${incident} is open since `);
    expect(world.started(id)).toEqual(["make"]);
    expect(await close(incident)).toMatchObject({ kind: "controlled" });
    await world.reason(id, "COMPLETED");
    await replays(id);
  });

  test("isn't closed while the recovery of one it led there isn't through", async () => {
    const id = await world.submit("promoted", { waits: ["shadow-paper", "recover"] });
    await world.working(id, "shadow-paper");
    const incident = await open({ kind: "all" });
    await world.working(id, "recover");
    expect(await close(incident)).toMatchObject({
      kind: "refused",
      code: "E_GUARD",
      message: expect.stringContaining(id),
    });
    const { stdout } = await runBaton(world.nats, ["get", "controls"]);
    expect(stdout).toMatch(new RegExp(`^ {2}${incident} .* ${id} `, "m"));
    world.letGo(id, "recover");
    await world.until(id, "closed", ({ holder }) => holder === "closed");
    expect(await close(incident)).toMatchObject({ kind: "controlled" });
    await replays(id);
  });
});

test("a recovery that fails and is run again is still the incident's until it's through", async () => {
  const id = await world.submit("not well at first", { waits: ["recover"], fails: ["recover"] });
  await world.reason(id, "COMPLETED");
  const incident = await open({ kind: "candidate", candidateId: id });
  await world.working(id, "recover");
  world.letGo(id, "recover");
  await world.reason(id, "GATE_FAILED");
  expect(await close(incident)).toMatchObject({ code: "E_GUARD" });
  expect(await world.people.send("olga", { type: "resume", candidateId: id })).toMatchObject({
    kind: "accepted",
    stage: "recover",
  });
  await eventually(() => world.started(id).filter((name) => name === "recover").length === 2, {
    what: "recovery runs again",
  });
  expect(await close(incident)).toMatchObject({ code: "E_GUARD" });
  world.letGo(id, "recover");
  await world.reason(id, "RECOVERED");
  expect(world.started(id).slice(-3)).toEqual(["recover", "recover", "audit"]);
  expect(await close(incident)).toMatchObject({ kind: "controlled" });
  await replays(id);
});

/** Declares an emergency that began so long ago that a second of it is left: nobody should wait a minute here. */
async function declared(incidentId: string, scope: string): Promise<string> {
  const { controls } = world.people.loop.mesh;
  const last = await controls.last();
  const now = new Date(Date.now() - 59_000).toISOString();
  const command = {
    v: 1,
    type: "emergency",
    id: "cmd-emergency",
    candidateId: "mesh-controls",
    time: now,
    by: "olga",
    why,
    incidentId,
    ticket: "OPS-812",
    scope,
    seconds: 60,
  } as const;
  const decision = decideControl({
    last,
    happening: {
      kind: "command",
      command,
      identity: { name: "olga", roles: ["ops"] },
    },
    playbook: world.playbook,
    facts: { candidateKnown: true, unrecovered: [] },
    now,
  });
  if (decision.kind !== "append") throw new Error(JSON.stringify(decision));
  expect(await controls.append(decision.controls)).toMatchObject({ kind: "stored" });
  return decision.controls.tasks[0]?.id ?? "";
}

describe("an emergency", () => {
  test("ends by itself, and leaves a task that blocks promotions until it's closed", async () => {
    const id = await world.submit("changed by hand", { waits: ["recover"] });
    await world.reason(id, "COMPLETED");
    const incidentId = await open({ kind: "candidate", candidateId: id });
    await world.working(id, "recover");
    const taskId = await declared(incidentId, id);
    const closeTask = { type: "close-task", taskId, commit: COMMIT };
    expect(await world.control("olga", closeTask)).toMatchObject({ code: "E_CONFLICT" });
    await eventually(
      async () => (await world.controls())?.incidents[0]?.emergency?.ended === true,
      { what: "the emergency is over", withinMs: 10_000 },
    );
    expect((await world.controls())?.cause).toEqual({ kind: "expired" });
    const other = await world.submit("promoted meanwhile");
    const { entry } = await world.reason(other, "PROMOTION_BLOCKED");
    expect(particularsOf(entry)).toContain(taskId);
    expect(await world.control("olga", closeTask)).toMatchObject({
      kind: "controlled",
      detail: expect.stringContaining(COMMIT),
    });
    await world.reason(other, "COMPLETED");
    world.letGo(id, "recover");
    await world.until(id, "closed", ({ holder }) => holder === "closed");
    expect(await close(incidentId)).toMatchObject({ kind: "controlled" });
    // The emergency was written here by the coordinator's key, so that it is over in time: nobody asked for it, and replay tells.
    for (const candidateId of [id, other]) {
      const { code, stdout } = await runBaton(world.nats, ["guard", "replay", candidateId]);
      expect(code).toBe(5);
      expect(stdout).toContain("command cmd-emergency (emergency by olga) isn't stored");
    }
  });
});

test("afterwards nothing is open, and every change is on record with who made it", async () => {
  expect(await world.controls()).toMatchObject({ killSwitch: null, incidents: [], tasks: [] });
  const { state } = await world.people.loop.mesh.jsm.streams.info(STREAMS.controls.name);
  const { stdout } = await runBaton(world.nats, ["get", "controls", "--history", "--json"]);
  const history: { sequence: number; controls: { prev: number; cause: object } }[] =
    JSON.parse(stdout);
  expect(history).toHaveLength(state.messages);
  for (const [index, { controls }] of history.entries())
    expect(controls.prev).toBe(history[index - 1]?.sequence ?? 0);
  expect(history[0]?.controls.cause).toEqual({ kind: "origin" });
  expect(history[1]?.controls.cause).toMatchObject({
    type: "kill-switch",
    by: "author",
    signature: { publicKey: expect.stringMatching(/^U/) },
  });
});
