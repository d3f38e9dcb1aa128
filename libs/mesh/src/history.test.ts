/** Losing parts of the mesh's history on a real server, and noticing it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  CONTROL_SUBJECT,
  type Controls,
  HISTORY_STREAMS,
  originControls,
  type StoredControls,
} from "@baton/contracts";
import { startTestNats, type TestNats } from "@baton/testkit";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { forgetfulMemory, openControlMemory } from "./control-memory.ts";
import { openControls, readControls } from "./controls.ts";
import { findLosses, readMarks, requireMarks } from "./find-losses.ts";
import { LogReset } from "./log-reset.ts";
import { type Mesh, openMesh } from "./mesh.ts";
import { firstEntry, resultOf } from "./sample-entry.test-data.ts";
import { planTopology } from "./topology.ts";

let nats: TestNats;
let mesh: Mesh;

beforeEach(async () => {
  nats = await startTestNats();
  mesh = await openMesh({ url: nats.url, name: "test", provision: true });
});
afterEach(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
});

const reopen = () => openMesh({ url: nats.url, name: "again", provision: "asked" });

async function marked() {
  const marks = await readMarks(mesh);
  if (!marks) throw new Error("no state");
  return { by: "mark", marks };
}

/** The next state, changed. */
function after({ sequence, controls }: StoredControls, change: Partial<Controls> = {}): Controls {
  return { ...controls, n: controls.n + 1, prev: sequence, ...change };
}

/** As if somebody had made the stream anew, or brought an empty copy back. */
async function makeAnew(name: string): Promise<void> {
  const { streams } = planTopology({ replicas: 1, ackWaitMs: 30_000, maxDeliver: 8 });
  const planned = streams.find((one) => one.name === name);
  if (!planned) throw new Error(`no ${name}`);
  await mesh.jsm.streams.delete(name);
  await mesh.jsm.streams.add(planned);
}

async function appendEntry(candidateId: string): Promise<number> {
  const appended = await mesh.journal.append(firstEntry(candidateId));
  if (appended.kind !== "stored") throw new Error(appended.kind);
  await mesh.publisher.publish({
    subject: `baton.command.${candidateId}.submit-1`,
    payload: "{}",
    headers: {},
  });
  return appended.sequence;
}

describe("the coordinator's streams", () => {
  test("a new mesh has a first state of its controls, in which nothing is stopped", async () => {
    const { sequence, controls } = await mesh.controls.last();
    expect([sequence, controls.cause, controls.killSwitch]).toEqual([1, { kind: "origin" }, null]);
    await using again = await reopen();
    expect(await again.provision()).toMatchObject({ kind: "whole", losses: [] });
  });

  test.each(HISTORY_STREAMS)("%s that is gone is a loss, and isn't made anew", async (stream) => {
    await appendEntry("cand-lost-1");
    await mesh.jsm.streams.delete(stream);
    await using again = await reopen();
    const { kind, losses, lossId } = await again.provision();
    expect([kind, losses]).toMatchObject(["lost", [{ stream, kind: "absent" }]]);
    expect(lossId).toMatch(/^loss-[0-9a-f]{12}$/);
    await expect(mesh.jsm.streams.info(stream)).rejects.toThrow(/not found/);
    await expect(openMesh({ url: nats.url, name: "x", provision: true })).rejects.toThrow(LogReset);
  });

  test("CONTROLS that was made anew has no state: a loss without any mark", async () => {
    await appendEntry("cand-lost-2");
    await makeAnew("CONTROLS");
    expect(await findLosses(mesh, [])).toMatchObject({
      kind: "lost",
      losses: [{ stream: "CONTROLS", kind: "shorter" }],
    });
  });
});

describe("what only a mark knows", () => {
  test.each(["JOURNAL", "COMMANDS", "OBJ_ARTIFACTS"] as const)(
    "%s that was made anew and filled again is told from the one of before by a mark",
    async (stream) => {
      const fill = async (name: string): Promise<void> => {
        await appendEntry(name);
        await mesh.artifacts.put(new TextEncoder().encode(name));
      };
      await fill("cand-first-1");
      const known = await marked();
      await makeAnew(stream);
      expect(await findLosses(mesh, [known])).toMatchObject({
        losses: [{ stream, kind: "shorter", has: 0 }],
      });
      await fill("cand-second-1");
      await fill("cand-second-2");
      expect(await findLosses(mesh, [known])).toMatchObject({
        kind: "lost",
        losses: [{ stream, kind: "other" }],
      });
    },
  );

  test("where everything is gone, only a mark knows that the mesh isn't new", async () => {
    const known = await marked();
    for (const stream of HISTORY_STREAMS) await mesh.jsm.streams.delete(stream);
    expect((await findLosses(mesh, [known])).kind).toBe("lost");
    expect((await findLosses(mesh, [])).kind).toBe("new");
  });

  test("an older copy of everything agrees with itself; a mark, also of controls alone, gives it away", async () => {
    const state = await mesh.controls.last();
    const appended = await mesh.controls.append(after(state));
    expect(appended.kind).toBe("stored");
    const known = await marked();
    await makeAnew("CONTROLS");
    await openControls(mesh.jsm, mesh.publisher).append(originControls(new Date().toISOString()));
    expect(await findLosses(mesh, [])).toMatchObject({ kind: "whole" });
    expect(await findLosses(mesh, [known])).toMatchObject({
      losses: [{ stream: "CONTROLS", kind: "shorter", seen: 2, has: 1 }],
    });
    await expect(requireMarks(mesh, known)).rejects.toThrow(
      "CONTROLS ends at 1, but had come to 2 (known by mark)",
    );
  });
});

describe("without a mark the streams give one another away", () => {
  test("an entry names its controls, its report and its command", async () => {
    const entry = firstEntry("cand-cross-1");
    await mesh.journal.append({ ...entry, controls: 7 });
    expect((await findLosses(mesh, [])).losses).toMatchObject([
      { stream: "CONTROLS", seen: 7, has: 1, by: "JOURNAL 1" },
      { stream: "COMMANDS", seen: 1, has: 0, by: "JOURNAL 1" },
    ]);
    await mesh.journal.append({
      ...firstEntry("cand-cross-2"),
      cause: {
        kind: "report",
        sequence: 9,
        attempt: 1,
        storedAt: "2026-01-02T03:04:05.678901Z",
        from: "first",
      },
    });
    expect((await findLosses(mesh, [])).losses).toContainEqual({
      stream: "REPORTS",
      kind: "shorter",
      seen: 9,
      has: 0,
      by: "JOURNAL 2",
    });
  });

  test("JOURNAL is missed by the reports of two lanes; one lane alone could lie", async () => {
    const entry = firstEntry("cand-cross-3");
    const report = resultOf(entry, 40);
    await mesh.reports.store(report);
    expect((await findLosses(mesh, [])).losses).toEqual([]);
    await mesh.reports.store({ ...report, lane: "lane-b", stage: "second", answers: 41 });
    expect((await findLosses(mesh, [])).losses).toMatchObject([
      { stream: "JOURNAL", kind: "shorter", seen: 40, has: 0, by: "REPORTS 1" },
    ]);
  });
});

describe("an accepted loss", () => {
  test("ends it: only what came after it counts, and marks of before don't", async () => {
    await mesh.journal.append({ ...firstEntry("cand-cross-4"), controls: 7 });
    const known = await marked();
    await makeAnew("COMMANDS");
    const state = await mesh.controls.last();
    const heads = { JOURNAL: 1, REPORTS: 0, COMMANDS: 0, CONTROLS: state.sequence };
    await mesh.controls.append(after(state, { epoch: { n: 2, heads } }));
    expect((await findLosses(mesh, [known])).kind).toBe("whole");
    // And what is known of a later epoch shows that this one went back.
    const later = { by: "mark", marks: { ...known.marks, epoch: 3 } };
    expect((await findLosses(mesh, [later])).epoch).toBe(3);
  });

  test("stays accepted when CONTROLS is lost after it: only what is new is told", async () => {
    await mesh.journal.append({ ...firstEntry("cand-cross-5"), controls: 7 });
    await appendEntry("cand-cross-6");
    const before = await marked();
    await makeAnew("COMMANDS");
    const state = await mesh.controls.last();
    const heads = { JOURNAL: 2, REPORTS: 0, COMMANDS: 0, CONTROLS: state.sequence };
    await mesh.controls.append(after(state, { epoch: { n: 2, heads } }));
    const known = [await marked(), before];
    expect((await findLosses(mesh, known)).kind).toBe("whole");
    await makeAnew("CONTROLS");
    for (const how of ["empty", "absent"]) {
      if (how === "absent") await mesh.jsm.streams.delete("CONTROLS");
      const { kind, losses, epoch } = await findLosses(mesh, known);
      expect([how, kind, losses.map(({ stream }) => stream), epoch]).toEqual([
        how,
        "lost",
        ["CONTROLS"],
        2,
      ]);
    }
  });
});

describe("who asks for the controls remembers what was seen", () => {
  const folder = mkdtempSync(join(tmpdir(), "baton-seen-"));
  const file = join(folder, "controls-seen.json");

  test("no stream and no state are a loss, also for who has seen nothing yet", async () => {
    await makeAnew("CONTROLS");
    await expect(readControls(mesh.jsm).last()).rejects.toMatchObject({ code: "E_LOG_RESET" });
    await mesh.jsm.streams.delete("CONTROLS");
    await expect(readControls(mesh.jsm).last()).rejects.toThrow("CONTROLS is gone");
  });

  test("an older state, another one in its place, and one that doesn't follow it are a loss, until the right one is back", async () => {
    const first = await mesh.controls.last();
    await mesh.controls.append(after(first, { about: { kind: "incident-closed", id: "seen" } }));
    const memory = forgetfulMemory();
    const controls = readControls(mesh.jsm, memory);
    expect((await controls.last()).sequence).toBe(2);
    await makeAnew("CONTROLS");
    const other = openControls(mesh.jsm, mesh.publisher);
    const put = (state: Controls) => other.append(state);
    await put(first.controls);
    await expect(controls.last()).rejects.toThrow("CONTROLS ends at 1, but had come to 2");
    await put(after(first, { about: { kind: "incident-closed", id: "another" } }));
    await expect(controls.last()).rejects.toThrow("CONTROLS 2 isn't the message that was there");
    await put(after({ ...first, sequence: 2 }));
    await expect(controls.last()).rejects.toThrow("CONTROLS 2 isn't the message that was there");
    expect(memory.seen()?.sequence).toBe(2);
    await makeAnew("CONTROLS");
    await put(first.controls);
    await put(after(first, { about: { kind: "incident-closed", id: "seen" } }));
    await put(after({ ...first, sequence: 2 }));
    expect((await controls.last()).sequence).toBe(3);
  });

  test("it outlives the process in a file, and a later epoch counts whatever was seen", async () => {
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const first = await mesh.controls.last();
    await mesh.controls.append(after(first));
    await readControls(mesh.jsm, await openControlMemory(file)).last();
    await makeAnew("CONTROLS");
    await openControls(mesh.jsm, mesh.publisher).append(first.controls);
    const controls = readControls(mesh.jsm, await openControlMemory(file));
    await expect(controls.last()).rejects.toThrow(LogReset);
    await openControls(mesh.jsm, mesh.publisher).append(
      after(first, { epoch: { n: 2, heads: {} } }),
    );
    expect((await controls.last()).controls.epoch?.n).toBe(2);
    expect((await openControlMemory(file)).seen()?.epoch).toBe(2);
  });

  test("what it wrote itself counts as seen", async () => {
    const first = await mesh.controls.last();
    await mesh.controls.append(after(first));
    await makeAnew("CONTROLS");
    await mesh.nc.request(CONTROL_SUBJECT, JSON.stringify(first.controls));
    await expect(mesh.controls.last()).rejects.toThrow(LogReset);
  });
});
