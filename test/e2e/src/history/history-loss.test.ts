/** The mesh's history lost on real processes: nobody decides, everybody says so, and what it takes to go on. */
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { HistoryMarks, MESH_ID } from "@baton/contracts";
import { done, type StageWork } from "@baton/lanekit";
import { lastMarked } from "@baton/mesh";
import { eventually, startTestNats, temporaryFolder, type TestNats } from "@baton/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { openPeopleWorld, type PeopleWorld } from "../people-world.ts";
import { runBaton } from "../run-baton.ts";

/** Several generations of processes, on a machine that others use too. */
vi.setConfig({ testTimeout: 90_000 });

let nats: TestNats;
let world: PeopleWorld;
let folder: ReturnType<typeof temporaryFolder>;
let markFile: string;
let addressFile: string;

beforeEach(async () => {
  nats = await startTestNats({ signIn: true });
  folder = temporaryFolder("history");
  markFile = join(folder.path, "mark.json");
  addressFile = join(folder.path, "address");
  world = await openPeopleWorld(nats, {
    BATON_MARK_FILE: markFile,
    BATON_ADDRESS_FILE: addressFile,
  });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await nats.stop();
  folder.remove();
});

const mesh = () => world.loop.mesh;
const make: StageWork = async (context) => {
  await context.put("make/output.txt", new TextEncoder().encode(`made for ${context.candidateId}`));
  return done("made");
};
const control = (key: "ann" | "ben" | "author", command: Record<string, unknown>) =>
  world.send(key, { ...command, candidateId: MESH_ID });

/** The coordinator's address, ready or not. */
const address = () =>
  eventually(() => readFileSync(addressFile, "utf8").trim(), { what: "the coordinator listens" });

async function readyz(): Promise<string> {
  return (await fetch(`${await address()}/readyz`)).text();
}

/** A connection finds a server that was started again after a moment. */
const connected = () =>
  eventually(async () => (await mesh().jsm.streams.names().next()).length > 0, {
    what: "the server is back",
    withinMs: 20_000,
  });

/** The same where the server holds no stream. */
const connectedAgain = () =>
  eventually(async () => (await mesh().nc.rtt()) >= 0, {
    what: "the server is back",
    withinMs: 20_000,
  });

const untilLost = (text: string) =>
  eventually(async () => (await readyz()).includes(text), {
    what: `it isn't ready: ${text}`,
    withinMs: 20_000,
  });

/** What is refused says which loss it is. */
async function refusedLoss(): Promise<string> {
  const outcome = await eventually(
    () => control("author", { type: "release-kill-switch" }),
    // COMMANDS itself may have to be made anew before anybody is heard.
    { what: "somebody answers", withinMs: 20_000 },
  );
  expect(outcome).toMatchObject({ kind: "refused", code: "E_LOG_RESET" });
  const text = JSON.stringify(outcome);
  const id = /loss-[0-9a-f]{12}/.exec(text)?.[0];
  expect(id).toBeDefined();
  return id ?? "";
}

async function startAgain(): Promise<void> {
  await world.loop.coordinator().sigkill();
  rmSync(addressFile, { force: true });
  world.loop.startCoordinator();
}

test("the server's data goes back to an older copy: an engaged kill switch isn't released by it, nobody decides, a person accepts it, two let work go on", async () => {
  const first = await world.submit({ name: "before the copy" });
  await nats.kill9();
  const copy = join(folder.path, "copy");
  cpSync(nats.storeDir, copy, { recursive: true });
  await nats.restart();
  await connected();
  expect(await control("author", { type: "kill-switch" })).toMatchObject({ sequence: 2 });
  const later = await world.submit({ name: "after the copy" });
  // What the copy lacks is known outside of the server.
  await eventually(
    () =>
      HistoryMarks.parse(JSON.parse(readFileSync(markFile, "utf8"))).streams.JOURNAL?.sequence ===
      2,
    { what: "the mark has come so far", withinMs: 20_000 },
  );

  await nats.kill9();
  rmSync(nats.storeDir, { recursive: true });
  cpSync(copy, nats.storeDir, { recursive: true });
  await nats.restart();
  await connected();
  await untilLost("CONTROLS ends at 1, but had come to 2");
  const found = await refusedLoss();
  expect(await mesh().journal.last(later)).toBeUndefined();

  await startAgain();
  await untilLost("E_LOG_RESET");
  expect(await refusedLoss()).toBe(found);
  const submitted = await world.send("author", {
    type: "submit",
    candidateId: later,
    spec: { needs: "nothing", name: "after the copy" },
  });
  expect(submitted).toMatchObject({ kind: "refused", code: "E_LOG_RESET" });
  expect(await mesh().journal.last(later)).toBeUndefined();
  const url = await address();
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/baton_history_losses\S* [1-9]/);
  const shown = await runBaton(nats, ["accept-loss", "loss-aaaaaaaaaaaa", "--help"]);
  expect(shown.code).toBe(0);

  const other = { type: "accept-loss", loss: "loss-aaaaaaaaaaaa" };
  expect(await control("ann", other)).toMatchObject({ code: "E_CONFLICT" });
  const accepted = await control("ann", { type: "accept-loss", loss: found, why: "no newer copy" });
  expect(accepted).toMatchObject({ kind: "controlled", sequence: 2 });
  await world.loop.coordinator().ready();
  const { controls } = await mesh().controls.last();
  expect(controls.epoch?.n).toBe(2);
  expect(controls.killSwitch).toMatchObject({
    by: "ann",
    why: expect.stringContaining("no newer"),
  });

  // What was never decided may be decided now; what was before goes on from where the copy is.
  expect(await world.submit({ name: "after the copy" })).toBe(later);
  expect((await mesh().journal.last(first))?.entry.candidateId).toBe(first);
  await control("ann", { type: "release-kill-switch" });
  expect((await mesh().controls.last()).controls.killSwitch).not.toBe(null);
  await control("ben", { type: "release-kill-switch" });
  expect((await mesh().controls.last()).controls).toMatchObject({
    killSwitch: null,
    epoch: { n: 2 },
  });
  await startAgain();
  await world.loop.coordinator().ready();
});

test.each([
  { stream: "JOURNAL", engages: true },
  { stream: "REPORTS", engages: true },
  { stream: "COMMANDS", engages: true },
  { stream: "OBJ_ARTIFACTS", engages: true },
  { stream: "CONTROLS", engages: false },
])(
  "$stream is deleted while the coordinator runs, and it starts again: it stands still, isn't ready, and makes nothing anew that it wasn't told to",
  async ({ stream, engages }) => {
    world.loop.startLanes({ make });
    const candidateId = await world.submit({ name: stream });
    await world.loop.until(candidateId, "it's through", ({ holder }) => holder === "closed");
    await mesh().jsm.streams.delete(stream);
    await untilLost(`${stream} is gone`);
    if (engages)
      await eventually(
        async () => (await mesh().controls.last()).controls.killSwitch?.why.includes("E_LOG_RESET"),
        { what: "the kill switch is engaged", withinMs: 20_000 },
      );
    const running = await refusedLoss();
    await startAgain();
    await untilLost("E_LOG_RESET");
    const isThere = await mesh()
      .jsm.streams.info(stream)
      .then(
        () => true,
        () => false,
      );
    expect(isThere).toBe(stream === "COMMANDS");
    const loss = await refusedLoss();
    expect(loss).toBe(running);
    // A stop is never refused, and hides no loss.
    const why = `${stream} is gone: stop`;
    expect(await control("author", { type: "kill-switch", why })).toMatchObject({
      kind: "controlled",
      duplicate: engages,
    });
    expect(await lastMarked(mesh().jsm)).toMatchObject({
      stored: {
        controls: {
          killSwitch: { why: expect.stringContaining(engages ? "E_LOG_RESET" : why) },
        },
      },
    });
    const scope = { kind: "lane", lane: "lane-f" };
    expect(await control("author", { type: "incident", class: "B", scope })).toMatchObject({
      kind: "controlled",
    });
    expect(await refusedLoss()).toBe(loss);
    expect(await control("ben", { type: "accept-loss", loss })).toMatchObject({
      kind: "controlled",
    });
    await world.loop.coordinator().ready();
    expect((await mesh().controls.last()).controls).toMatchObject({
      killSwitch: expect.anything(),
      incidents: [{ scope }],
    });
    const next = await world.submit({ name: `after ${stream}` });
    await world.loop.until(next, "it's decided", ({ n }) => n >= 1);
  },
);

test("everything is gone: only the mark knows that the mesh isn't new; people are heard by its name, and a person accepts it", async () => {
  await world.submit({ name: "before the loss" });
  const { name } = mesh();
  await eventually(
    () => HistoryMarks.parse(JSON.parse(readFileSync(markFile, "utf8"))).streams.JOURNAL?.sequence,
    { what: "the mark has come so far", withinMs: 20_000 },
  );
  await world.loop.coordinator().sigkill();
  await nats.kill9();
  rmSync(nats.storeDir, { recursive: true });
  await nats.restart();
  await connectedAgain();
  rmSync(addressFile, { force: true });
  world.loop.startCoordinator();
  await untilLost("CONTROLS is gone");
  const loss = await refusedLoss();
  expect(await control("ann", { type: "accept-loss", loss })).toMatchObject({
    kind: "controlled",
    sequence: 1,
  });
  await world.loop.coordinator().ready();
  const { metadata } = (await mesh().jsm.streams.info("JOURNAL")).config;
  expect(Object.values(metadata ?? {})).toContain(name);
  expect((await mesh().jsm.streams.info("JOURNAL")).state.last_seq).toBe(0);
});

test("a stream that is brought back as it was ends it without anybody's word, once the coordinator began anew", async () => {
  const candidateId = await world.submit({ name: "brought back" });
  await nats.kill9();
  const copy = join(folder.path, "copy");
  cpSync(nats.storeDir, copy, { recursive: true });
  await nats.restart();
  await connected();
  await world.loop.coordinator().ready();
  await mesh().jsm.streams.delete("REPORTS");
  await untilLost("REPORTS is gone");
  const { coordinator } = world.loop;
  await coordinator().sigkill();
  await nats.kill9();
  const streams = join("jetstream", "BATON", "streams", "REPORTS");
  cpSync(join(copy, streams), join(nats.storeDir, streams), { recursive: true });
  await nats.restart();
  await world.loop.startCoordinator().ready();
  expect((await mesh().journal.last(candidateId))?.entry.reason).toBe("SUBMITTED");
});
