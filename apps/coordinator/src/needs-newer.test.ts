/** What a coordinator decides on: the last entry with all that it rests on, or nothing. */
import { type StoredWhole, withBasis } from "@baton/contracts";
import { JournalCorrupt } from "@baton/mesh";
import { sampleEntry, sayingAll, startTestMesh, type TestMesh } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { lastKnown, NeedsNewer } from "./needs-newer.ts";

let place: TestMesh;
beforeAll(async () => {
  place = await startTestMesh();
});
afterAll(() => place.stop());

const artifact = { name: "a.json", sha256: "ab".repeat(32), bytes: 1, stage: "research-intake" };

/** A candidate with two entries, the second of which names the first. */
async function twoEntries(candidateId: string): Promise<StoredWhole> {
  const { journal } = place.mesh;
  const artifacts = [{ ...artifact, runId: "run-000000000001" }];
  await journal.append(sampleEntry({ candidateId, spec: { name: candidateId }, artifacts }));
  const first = await journal.last(candidateId);
  if (!first) throw new Error("not stored");
  const whole = await journal.wholeStored(first);
  const next = { ...whole.entry, n: 2, prev: first.sequence, awaits: first.sequence };
  await journal.append(withBasis(next, whole));
  return whole;
}

test("after a restart the last entry is read with what earlier ones brought", async () => {
  const first = await twoEntries("cand-whole-1");
  const last = await lastKnown(place.mesh.journal, "cand-whole-1");
  expect(last?.entry).toMatchObject({ n: 2, spec: { name: "cand-whole-1" } });
  expect(last?.entry.artifacts).toEqual(first.entry.artifacts);
  expect(last?.earlier).toMatchObject([{ sequence: first.sequence, sha256: first.sha256 }]);
});

test("a candidate whose earlier entry isn't what its last one names is left alone", async () => {
  await twoEntries("cand-whole-2");
  const other = await twoEntries("cand-whole-3");
  const last = await lastKnown(place.mesh.journal, "cand-whole-2");
  if (!last) throw new Error("no entry");
  const basis = { ...last.entry.basis, earlier: [other.sequence] };
  await place.mesh.journal.append({ ...last.entry, n: 3, prev: last.sequence, basis });
  await expect(lastKnown(place.mesh.journal, "cand-whole-2")).rejects.toThrow(JournalCorrupt);
});

test("what another release would have to know of the last entry is asked before what it rests on", async () => {
  const { journal } = place.mesh;
  const entry = sayingAll(
    sampleEntry({ candidateId: "cand-whole-4", reason: "OF_A_LATER_RELEASE" }),
  );
  await journal.append(entry);
  await expect(lastKnown(journal, "cand-whole-4")).rejects.toThrow(NeedsNewer);
});
