/** Artifacts among kinds that don't trust one another: what one key can do to the artifacts of another. */
import { artifactRecordSubject } from "@baton/contracts";
import { startTestNats, type TestNats } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { ArtifactAltered, openArtifacts, sha256Of } from "./artifacts.ts";
import type { Mesh } from "./mesh.ts";
import { openAs } from "./open-as.test-data.ts";
import type { Publisher } from "./publisher.ts";
import { type Lie, lieAbout, spoil } from "./spoil-artifact.test-data.ts";

let nats: TestNats;
let core: Mesh;
let lane: Mesh;
let thief: Mesh;

beforeAll(async () => {
  nats = await startTestNats({ signIn: true });
  core = await openAs(nats, "coordinator");
  lane = await openAs(nats, "lane-c");
  thief = await openAs(nats, "lane-b");
});

afterAll(async () => {
  for (const mesh of [thief, lane, core]) await mesh[Symbol.asyncDispose]();
  await nats.stop();
});

const LIES: Readonly<Record<string, (sha256: string, size: number) => Lie>> = {
  "other bytes of the same length": (sha256, size) => lieAbout(sha256, size, ["x".repeat(size)]),
  "no content": (sha256, size) => lieAbout(sha256, size),
  "less content than it says": (sha256, size) => lieAbout(sha256, size, ["x"]),
  "more content than it says": (sha256) => lieAbout(sha256, 1, ["xyz"]),
  nothing: (sha256) => lieAbout(sha256, 0),
  "as much as may be, byte by byte": (sha256) =>
    lieAbout(sha256, 64 * 1024 * 1024, ["x", "y", "z"]),
  "more than may be": (sha256) => lieAbout(sha256, 1e12),
  "a name of another": (_, size) => lieAbout("0".repeat(64), size),
  "no JSON": () => ({ record: "\u0000" }),
  "a subject as its id": (sha256, size) => ({
    record: JSON.stringify({ v: 1, sha256, id: "*.>", bytes: size }),
  }),
};

test.each(Object.entries(LIES))(
  "an artifact that somebody spoiled beforehand by a record of %s is stored and read as it is",
  async (what, lie) => {
    // Such as the next playbook's: its bytes are known before the coordinator stores them.
    const bytes = Buffer.from(`the next playbook, ${what}`);
    const sha256 = sha256Of(bytes);
    await spoil(thief, "lane-b", sha256, lie(sha256, bytes.length));
    await expect(lane.artifacts.get(sha256)).rejects.toThrow(ArtifactAltered);
    expect(await core.artifacts.put(bytes)).toBe(sha256);
    for (const reader of [core, lane, thief])
      expect(await reader.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
  },
);

test("however many records somebody writes, before and after, the right one is found", async () => {
  const bytes = Buffer.from("the truth");
  const sha256 = sha256Of(bytes);
  const lie = (): Lie => lieAbout(sha256, bytes.length, ["lies, lie"]);
  for (let count = 0; count < 30; count += 1) await spoil(thief, "lane-b", sha256, lie());
  await lane.artifacts.put(bytes);
  for (let count = 0; count < 30; count += 1) await spoil(thief, "lane-b", sha256, lie());
  expect(await core.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
});

test("what was spoiled or damaged is stored again by its own kind", async () => {
  const bytes = Buffer.alloc(300_000, "evidence");
  const sha256 = sha256Of(bytes);
  await spoil(lane, "lane-c", sha256, lieAbout(sha256, bytes.length, [bytes.subarray(0, 131_072)]));
  await lane.artifacts.put(bytes);
  expect(await core.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
});

test("however many wrong records there are of one's own kind, what is stored last is found", async () => {
  const bytes = Buffer.from("spoiled by another who holds the key");
  const sha256 = sha256Of(bytes);
  const spoilOnce = (): Promise<void> =>
    spoil(lane, "lane-c", sha256, lieAbout(sha256, 3, ["xyz"]));
  for (let count = 0; count < 30; count += 1) await spoilOnce();
  await lane.artifacts.put(bytes);
  for (const reader of [core, lane, thief])
    expect(await reader.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
  await spoilOnce();
  await expect(core.artifacts.get(sha256)).rejects.toThrow(/none of 9 records by lane-c/);
  // It is theirs to say again, and everybody else's.
  await lane.artifacts.put(bytes);
  expect(await core.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
  await spoilOnce();
  await thief.artifacts.put(bytes);
  await spoilOnce();
  expect(await core.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
});

test("what can't be read back isn't said to be stored", async () => {
  const bytes = Buffer.from("spoiled by another who holds the key, as often as it's stored");
  const sha256 = sha256Of(bytes);
  const spoilOnce = (): Promise<void> =>
    spoil(lane, "lane-c", sha256, lieAbout(sha256, 3, ["xyz"]));
  for (let count = 0; count < 8; count += 1) await spoilOnce();
  const publish: Publisher["publish"] = async (message) => {
    const stored = await lane.publisher.publish(message);
    if (message.subject.endsWith(sha256)) await spoilOnce();
    return stored;
  };
  const publisher = { ...lane.publisher, publish };
  const raced = openArtifacts({ jsm: lane.jsm, publisher, writer: "lane-c" });
  await expect(raced.put(bytes)).rejects.toThrow(
    /reads as something else: none of 9 records by lane-c/,
  );
});

test("ids say nothing about the next one", async () => {
  const before = (await core.jsm.streams.info("OBJ_ARTIFACTS")).state.last_seq;
  for (let count = 0; count < 5; count += 1)
    await lane.artifacts.put(Buffer.from(`one of five: ${count}`));
  const { state } = await core.jsm.streams.info("OBJ_ARTIFACTS");
  const ids: string[] = [];
  for (let seq = before + 1; seq <= state.last_seq; seq += 1) {
    const message = await core.jsm.streams.getMessage("OBJ_ARTIFACTS", { seq });
    const id = /^\$O\.ARTIFACTS\.C\.lane-c\.([0-9a-f]{32})$/.exec(message?.subject ?? "")?.[1];
    if (id !== undefined) ids.push(id);
  }
  expect(ids).toHaveLength(5);
  expect(new Set(ids.map((id) => id.slice(0, 8))).size).toBe(5);
  expect(new Set(ids.map((id) => id.slice(-8))).size).toBe(5);
});

test("nobody rolls up what is stored", async () => {
  const subject = artifactRecordSubject({ writer: "lane-b", sha256: sha256Of(Buffer.from("x")) });
  for (const rollup of ["sub", "all"]) {
    const refused = thief.publisher.publish({
      subject,
      payload: "x",
      headers: { "Nats-Rollup": rollup },
    });
    await expect(refused).rejects.toMatchObject({ code: 10_111 });
  }
});
