import { type Mesh, openMesh } from "@baton/mesh";
import { withNats } from "@baton/testkit";
import { expect, test } from "vitest";

import { openStreamTail, type StreamTail } from "./stream-tail.ts";
import { entry } from "./testing/records.ts";

function openTail(mesh: Mesh, most: number): { tail: StreamTail; folded: number[] } {
  const folded: number[] = [];
  const tail = openStreamTail({
    mesh,
    stream: "journal",
    most,
    fold: ({ seq }) => void folded.push(seq),
    onRestart: () => void (folded.length = 0),
  });
  return { tail, folded };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

async function submit(mesh: Mesh, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1)
    await mesh.journal.append(entry(`cand-${1000 + index}`));
}

test("heavy traffic is folded in bounded pieces, and all of it when it eases", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const { tail, folded } = openTail(mesh, 3);
    const { signal } = new AbortController();
    await submit(mesh, 0, 10);
    expect(tail.caughtUp).toBe(false);
    await tail.advance(signal);
    expect(tail).toMatchObject({ caughtUp: true, behind: 0 });
    expect(folded).toEqual(upTo(10));
    await submit(mesh, 10, 18);
    await tail.advance(signal);
    expect(tail.behind).toBe(5);
    expect(folded).toEqual(upTo(13));
    await submit(mesh, 18, 20);
    await tail.advance(signal);
    expect(tail.behind).toBe(0);
    expect(folded).toEqual(upTo(20));
  });
});

test("a stream that was made anew is read from its beginning", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const { tail, folded } = openTail(mesh, 100);
    const { signal } = new AbortController();
    await submit(mesh, 0, 5);
    await tail.advance(signal);
    const { config } = await mesh.jsm.streams.info("JOURNAL");
    await mesh.jsm.streams.delete("JOURNAL");
    await mesh.jsm.streams.add(config);
    await submit(mesh, 5, 7);
    await tail.advance(signal);
    expect(folded).toEqual(upTo(2));
  });
});

test("messages at the end that were deleted aren't waited for", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const { tail, folded } = openTail(mesh, 100);
    await submit(mesh, 0, 300);
    const { config } = await mesh.jsm.streams.info("JOURNAL");
    await mesh.jsm.streams.update("JOURNAL", { ...config, deny_purge: false });
    await mesh.jsm.streams.purge("JOURNAL", { filter: "baton.journal.*.cand-1299.>" });
    await tail.advance(new AbortController().signal);
    expect(tail).toMatchObject({ caughtUp: true, behind: 0 });
    expect(folded).toEqual(upTo(299));
  });
});
