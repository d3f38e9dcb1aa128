import { type Mesh, openMesh } from "@baton/mesh";
import { withNats } from "@baton/testkit";
import { expect, test } from "vitest";

import { openStreamTail, type StreamTail } from "./stream-tail.ts";
import { entry } from "./testing/records.ts";

/** A tail that may fold three messages a second, and a clock that stands unless it's moved. */
function openTail(mesh: Mesh): {
  tail: StreamTail;
  folded: number[];
  clock: { ms: number };
  anew: () => number;
} {
  const folded: number[] = [];
  const clock = { ms: 0 };
  let anew = 0;
  const tail = openStreamTail({
    mesh,
    stream: "journal",
    perSecond: 3,
    fold: ({ seq }) => void folded.push(seq),
    onAnew: () => void (anew += 1),
    now: () => clock.ms,
  });
  return { tail, folded, clock, anew: () => anew };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

async function submit(mesh: Mesh, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1)
    await mesh.journal.append(entry(`cand-${1000 + index}`));
}

test("heavy traffic is folded in bounded pieces, and all of it when it eases", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const { tail, folded, clock } = openTail(mesh);
    const { signal } = new AbortController();
    await submit(mesh, 0, 10);
    expect(tail).toMatchObject({ caughtUp: false, behind: undefined });
    await tail.advance(signal);
    expect(tail).toMatchObject({ caughtUp: true, behind: 0 });
    expect(folded).toEqual(upTo(10));
    await submit(mesh, 10, 18);
    clock.ms += 2000;
    await tail.advance(signal);
    // Eight in two seconds are too many: six are folded.
    expect(tail.behind).toBe(2);
    expect(folded).toEqual(upTo(16));
    await submit(mesh, 18, 19);
    clock.ms += 500;
    await tail.advance(signal);
    expect(tail.behind).toBe(0);
    expect(folded).toEqual(upTo(19));
  });
});

test("traffic that doesn't ease is folded faster the more of it is left", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const { tail, folded, clock } = openTail(mesh);
    const { signal } = new AbortController();
    await tail.advance(signal);
    await submit(mesh, 0, 150);
    clock.ms += 1000;
    await tail.advance(signal);
    // A fifteenth of 150 is more than three.
    expect(folded).toEqual(upTo(10));
    await submit(mesh, 150, 190);
    clock.ms += 2000;
    await tail.advance(signal);
    expect(folded).toEqual(upTo(34));
    expect(tail.behind).toBe(156);
  });
});

test.each([2, 5, 9])(
  "a stream that was made anew, with %d messages, is told of and not folded",
  async (count) => {
    await withNats(async ({ url }) => {
      await using mesh = await openMesh({ url, name: "test", provision: true });
      const { tail, folded, anew } = openTail(mesh);
      const { signal } = new AbortController();
      await submit(mesh, 0, 5);
      await tail.advance(signal);
      const { config } = await mesh.jsm.streams.info("JOURNAL");
      await mesh.jsm.streams.delete("JOURNAL");
      await mesh.jsm.streams.add(config);
      await submit(mesh, 5, 5 + count);
      expect(anew()).toBe(0);
      await tail.advance(signal);
      expect(anew()).toBe(1);
      expect(folded).toEqual(upTo(5));
    });
  },
);

test("messages at the end that were deleted aren't waited for", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const { tail, folded } = openTail(mesh);
    await submit(mesh, 0, 300);
    const { config } = await mesh.jsm.streams.info("JOURNAL");
    await mesh.jsm.streams.update("JOURNAL", { ...config, deny_purge: false });
    await mesh.jsm.streams.purge("JOURNAL", { filter: "baton.journal.*.cand-1299.>" });
    await tail.advance(new AbortController().signal);
    expect(tail).toMatchObject({ caughtUp: true, behind: 0 });
    expect(folded).toEqual(upTo(299));
  });
});

test("a replica that lags isn't taken for the stream's end", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    await submit(mesh, 0, 9);
    // A replica that doesn't have the messages yet answers as if the reader were at the end: so does one that is asked behind it.
    let lags = true;
    const publish: Mesh["nc"]["publish"] = (subject, data, options) => {
      const asked = lags ? String(data).replace(/"seq":\d+/, '"seq":999') : data;
      mesh.nc.publish(subject, asked, options);
    };
    const nc: Mesh["nc"] = Object.create(mesh.nc, { publish: { value: publish } });
    const { tail, folded } = openTail({ ...mesh, nc });
    await tail.advance(new AbortController().signal);
    expect(tail).toMatchObject({ caughtUp: false, behind: 9 });
    lags = false;
    await tail.advance(new AbortController().signal);
    expect(tail).toMatchObject({ caughtUp: true, behind: 0 });
    expect(folded).toEqual(upTo(9));
  });
});
