import { type Mesh, openMesh } from "@baton/mesh";
import { withNats } from "@baton/testkit";
import { expect, test } from "vitest";

import { openJournalTail } from "./journal-tail.ts";
import { createOpenCandidates } from "./open-candidates.ts";
import { entry } from "./testing/records.ts";

async function submit(mesh: Mesh, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1)
    await mesh.journal.append(entry(`cand-${1000 + index}`));
}

test("heavy traffic is folded in bounded pieces, and all of it when it eases", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const candidates = createOpenCandidates();
    const foreign: number[] = [];
    const onForeign = (sequence: number): void => void foreign.push(sequence);
    const tail = openJournalTail({ mesh, candidates, most: 3, onForeign });
    const { signal } = new AbortController();
    await submit(mesh, 0, 10);
    expect(tail.caughtUp).toBe(false);
    await tail.advance(signal);
    expect(tail).toMatchObject({ caughtUp: true, behind: 0 });
    expect(candidates.size).toBe(10);
    await mesh.js.publish("baton.journal.lane-a.cand-9999.research-intake.run-0001", "{");
    await submit(mesh, 10, 17);
    await tail.advance(signal);
    expect(tail.behind).toBe(5);
    expect(candidates.size).toBe(12);
    expect(foreign).toEqual([11]);
    await submit(mesh, 17, 19);
    await tail.advance(signal);
    expect(tail.behind).toBe(0);
    expect(candidates.size).toBe(19);
  });
});

test("a journal that was made anew is read from its beginning", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const candidates = createOpenCandidates();
    const tail = openJournalTail({ mesh, candidates, most: 100, onForeign: () => undefined });
    const { signal } = new AbortController();
    await submit(mesh, 0, 5);
    await tail.advance(signal);
    const { config } = await mesh.jsm.streams.info("JOURNAL");
    await mesh.jsm.streams.delete("JOURNAL");
    await mesh.jsm.streams.add(config);
    await submit(mesh, 5, 7);
    await tail.advance(signal);
    expect(candidates.size).toBe(2);
  });
});
