/** What an entry rests on, read from a real journal: what was lost, changed or put in another's place is never decided on. */
import { type HashedEntry, type WholeEntry, withBasis } from "@baton/contracts";
import { startTestNats, type TestNats } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { readLastEntries } from "./journal.ts";
import type { Mesh } from "./mesh.ts";
import { openAs } from "./open-as.test-data.ts";
import { JournalCorrupt } from "./parse-entry.ts";
import { firstEntry } from "./sample-entry.test-data.ts";

let nats: TestNats;
let mesh: Mesh;
beforeAll(async () => {
  nats = await startTestNats({ signIn: true });
  mesh = await openAs(nats, "coordinator");
});
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
});

const artifact = (name: string) => ({
  name,
  sha256: "ab".repeat(32),
  bytes: 1,
  stage: "first",
  runId: "run-1000000",
});

async function append(entry: WholeEntry): Promise<HashedEntry> {
  const appended = await mesh.journal.append(entry);
  if (appended.kind !== "stored") throw new Error("fenced");
  const stored = await mesh.journal.at(appended.sequence);
  if (!stored) throw new Error("not stored");
  expect(stored.sha256).toBe(appended.sha256);
  return stored;
}

/** Three entries, of which the second brings an artifact and the third another. */
async function chainOf(candidateId: string, wrong: object = {}) {
  const one = await mesh.journal.wholeStored(await append(firstEntry(candidateId)));
  const awaits = one.sequence;
  const made = [artifact("first/a.json")];
  const next = { ...one.entry, n: 2, prev: one.sequence, awaits, artifacts: made };
  const two = await mesh.journal.wholeStored(await append(withBasis(next, one)));
  const artifacts = [...two.entry.artifacts, artifact("first/b.json")];
  const third = withBasis({ ...two.entry, n: 3, prev: two.sequence, artifacts }, two);
  const basis = { ...third.basis, ...wrong };
  return { one, two, three: await append({ ...third, basis }) };
}

test("an entry is read with all that it rests on, and each names the bytes of the one before", async () => {
  const { one, two, three } = await chainOf("cand-whole-1");
  expect(three.entry.basis).toMatchObject({ earlier: [one.sequence, two.sequence] });
  expect(three.entry.prevSha256).toBe(two.sha256);
  const whole = await mesh.journal.whole(three.entry);
  expect(whole.spec).toEqual({ of: "cand-whole-1" });
  expect(whole.artifacts.map(({ name }) => name)).toEqual(["first/a.json", "first/b.json"]);
  await using lane = await openAs(nats, "lane-b");
  expect(await lane.journal.whole(three.entry)).toEqual(whole);
  await using engine = await openAs(nats, "paper-engine");
  expect(await readLastEntries(engine.jsm).whole(three.entry)).toEqual(whole);
});

test("an earlier entry that isn't there, is another candidate's, or isn't what was decided on is refused", async () => {
  const { one, two } = await chainOf("cand-whole-2");
  const missing = await chainOf("cand-whole-3", { earlier: [one.sequence, 9_999_999] });
  const foreign = await chainOf("cand-whole-4", { earlier: [one.sequence, two.sequence] });
  const changed = await chainOf("cand-whole-5", { sha256: "0".repeat(64) });
  for (const { three } of [missing, foreign, changed]) {
    await expect(mesh.journal.whole(three.entry)).rejects.toThrow(JournalCorrupt);
    await expect(mesh.journal.wholeStored(three)).rejects.toMatchObject({ code: "E_JOURNAL" });
  }
  await expect(mesh.journal.whole(missing.three.entry)).rejects.toThrow(
    /entry 3 of cand-whole-3 names JOURNAL 9999999, which isn't there/,
  );
  await expect(mesh.journal.whole(foreign.three.entry)).rejects.toThrow(
    /at least one isn't what it was decided on/,
  );
});
