/** People share one key to the server: what its holder can do to what services store, and what reading costs then. */
import { artifactChunkSubject, artifactRecordSubject } from "@baton/contracts";
import { startTestNats, type TestNats } from "@baton/testkit";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

import { sha256Of } from "./artifacts.ts";
import type { Mesh } from "./mesh.ts";
import { openAs } from "./open-as.test-data.ts";
import { lieAbout, spoil } from "./spoil-artifact.test-data.ts";

let nats: TestNats;
let core: Mesh;
let lane: Mesh;
let people: Mesh;

beforeAll(async () => {
  nats = await startTestNats({ signIn: true });
  core = await openAs(nats, "coordinator");
  lane = await openAs(nats, "lane-c");
  people = await openAs(nats, "cli");
});

afterAll(async () => {
  for (const mesh of [people, lane, core]) await mesh[Symbol.asyncDispose]();
  await nats.stop();
});

/** More than are looked at of one kind. */
const MANY = 12;
const spoilOften = async (sha256: string): Promise<void> => {
  for (let count = 0; count < MANY; count += 1)
    await spoil(people, "cli", sha256, lieAbout(sha256, 3, ["xyz"]));
};

test("bytes that people stored first are no reason for a service not to store its own", async () => {
  const bytes = Buffer.from("what lane-c will make, known beforehand");
  const sha256 = sha256Of(bytes);
  await spoilOften(sha256);
  await people.artifacts.put(bytes);
  expect(await lane.artifacts.put(bytes)).toBe(sha256);
  // Now people's own copy is neither among the first nor the last.
  await spoilOften(sha256);
  for (const reader of [core, lane, people])
    expect(await reader.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
  const { state } = await core.jsm.streams.info("OBJ_ARTIFACTS", {
    subjects_filter: artifactRecordSubject({ writer: "lane-c", sha256 }),
  });
  expect(Object.values(state.subjects ?? {})).toEqual([1]);
  await lane.artifacts.put(bytes);
  expect((await core.jsm.streams.info("OBJ_ARTIFACTS")).state.last_seq).toBe(state.last_seq);
});

/** Chunks that are asked for while `read` runs, by subject. */
async function chunksRead(mesh: Mesh, read: () => Promise<unknown>): Promise<string[]> {
  const asked = vi.spyOn(mesh.jsm.direct, "getMessage");
  onTestFinished(() => asked.mockRestore());
  await read();
  return asked.mock.calls.flatMap(([, query]) =>
    "next_by_subj" in query ? [query.next_by_subj ?? ""] : [],
  );
}

const CHUNK = Buffer.alloc(131_072, "x");
const CHUNKS = 4;

test("a content is read once, however many records name it and whatever they say of its length", async () => {
  const sha256 = sha256Of(Buffer.from("never stored"));
  const lie = lieAbout(
    sha256,
    CHUNK.length * CHUNKS,
    Array.from({ length: CHUNKS }, () => CHUNK),
  );
  await spoil(people, "cli", sha256, lie);
  for (let less = 1; less < MANY; less += 1) {
    const record = JSON.stringify({
      v: 1,
      sha256,
      id: lie.id,
      bytes: CHUNK.length * CHUNKS - less,
    });
    await spoil(people, "cli", sha256, { record });
  }
  const read = await chunksRead(core, () =>
    expect(core.artifacts.get(sha256)).rejects.toThrow("none of 9 records by cli"),
  );
  // And one request more, to which there is no answer.
  expect(read).toHaveLength(CHUNKS + 1);
});

test("what a service stored is found without reading what people say of it", async () => {
  const bytes = Buffer.from("what lane-c made");
  const sha256 = sha256Of(bytes);
  const lie = lieAbout(sha256, CHUNK.length, [CHUNK]);
  await spoil(people, "cli", sha256, lie);
  await lane.artifacts.put(bytes);
  const read = await chunksRead(core, () => core.artifacts.get(sha256));
  expect(read.map((subject) => subject.split(".")[3])).toEqual(["lane-c"]);
});

test("whoever goes on with a content after its end changes nothing", async () => {
  const bytes = Buffer.from("whole");
  const sha256 = sha256Of(bytes);
  const { id = "", ...lie } = lieAbout(sha256, bytes.length, [bytes]);
  await spoil(people, "cli", sha256, { id, ...lie });
  const subject = artifactChunkSubject({ writer: "cli", id });
  await people.publisher.publish({ subject, payload: "and more", headers: {} });
  expect(await core.artifacts.get(sha256)).toEqual(new Uint8Array(bytes));
});
