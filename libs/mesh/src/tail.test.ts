import { withNats } from "@baton/testkit";
import { expect, test } from "vitest";

import { type Mesh, openMesh } from "./mesh.ts";
import { firstEntry } from "./sample-entry.test-data.ts";
import { openTail, type Tail } from "./tail.ts";

/** A tail that may hand over three messages a second, and a clock that stands unless it's moved. */
function open(mesh: Pick<Mesh, "nc" | "jsm">): {
  tail: Tail;
  folded: number[];
  clock: { ms: number };
} {
  const folded: number[] = [];
  const clock = { ms: 0 };
  const tail = openTail(mesh, {
    stream: "journal",
    perSecond: 3,
    take: ({ seq }) => void folded.push(seq),
    now: () => clock.ms,
  });
  return { tail, folded, clock };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

async function submit(mesh: Mesh, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1)
    await mesh.journal.append(firstEntry(`cand-${1000 + index}`));
}

test("heavy traffic is handed over in bounded pieces, and all of it when it eases", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const { tail, folded, clock } = open(mesh);
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

test("traffic that doesn't ease is handed over faster the more of it is left", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const { tail, folded, clock } = open(mesh);
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
  "a stream that was made anew, with %d messages, is a loss, and nothing of it is handed over",
  async (count) => {
    await withNats(async ({ url }) => {
      await using mesh = await openMesh({ url, name: "test", provision: true });
      const { tail, folded } = open(mesh);
      const { signal } = new AbortController();
      await submit(mesh, 0, 5);
      await tail.advance(signal);
      const { config } = await mesh.jsm.streams.info("JOURNAL");
      await mesh.jsm.streams.delete("JOURNAL");
      await mesh.jsm.streams.add(config);
      await submit(mesh, 5, 5 + count);
      await expect(tail.advance(signal)).rejects.toMatchObject({
        code: "E_LOG_RESET",
        losses: [{ stream: "JOURNAL", kind: count < 5 ? "shorter" : "other", seen: 5, has: count }],
      });
      expect(folded).toEqual(upTo(5));
    });
  },
);

test("messages at the end that were deleted aren't waited for", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const { tail, folded } = open(mesh);
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
    const { tail, folded } = open({ ...mesh, nc });
    await tail.advance(new AbortController().signal);
    expect(tail).toMatchObject({ caughtUp: false, behind: 9 });
    lags = false;
    await tail.advance(new AbortController().signal);
    expect(tail).toMatchObject({ caughtUp: true, behind: 0 });
    expect(folded).toEqual(upTo(9));
  });
});

test("what this process wrote itself isn't handed over, and what others wrote in between is", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const folded: number[] = [];
    const take = ({ seq }: { readonly seq: number }) => void folded.push(seq);
    const tail = openTail(mesh, { stream: "journal", take });
    await submit(mesh, 0, 6);
    for (const own of [1, 2, 4, 6]) tail.skip(own);
    expect(await tail.advance(new AbortController().signal)).toBe(true);
    expect(folded).toEqual([3, 5]);
    expect(tail.behind).toBe(0);
    tail.skip(7);
    await submit(mesh, 6, 8);
    expect(await tail.advance(new AbortController().signal)).toBe(true);
    expect(folded).toEqual([3, 5, 8]);
  });
});

test("without a pace all of it is handed over, over many pages; a read that is broken off goes on where it stopped", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    await submit(mesh, 0, 1200);
    const folded: number[] = [];
    let stop: AbortController | undefined;
    const take = ({ seq }: { readonly seq: number }): void => {
      folded.push(seq);
      if (seq === 700) stop?.abort();
    };
    const tail = openTail(mesh, { stream: "journal", take });
    stop = new AbortController();
    expect(await tail.advance(stop.signal)).toBe(false);
    expect(folded).toEqual(upTo(700));
    expect(tail).toMatchObject({ caughtUp: false, behind: 500 });
    stop = undefined;
    expect(await tail.advance(new AbortController().signal)).toBe(true);
    expect(folded).toEqual(upTo(1200));
  });
});
