import { STREAMS } from "@baton/contracts";
import { withNats } from "@baton/testkit";
import { eventually } from "@baton/testkit";
import { expect, test } from "vitest";

import { openConnection, Unavailable } from "./connect.ts";
import { follow } from "./follow.ts";
import { openMesh } from "./mesh.ts";
import { firstEntry, resultOf } from "./sample-entry.test-data.ts";

test("an append that is under way when the server is killed is stored exactly once afterwards", async () => {
  await withNats(async (nats) => {
    await using mesh = await openMesh({ url: nats.url, name: "test", provision: true });
    const ids = Array.from({ length: 200 }, (_, index) => `cand-outage-${index}`);
    const appended = Promise.all(ids.map((id) => mesh.journal.append(firstEntry(id))));
    await nats.kill9();
    await nats.restart();
    const outcomes = await appended;
    // `fenced` is the answer to the retry of one that had been stored before the kill.
    expect(
      outcomes.every((outcome) => outcome.kind === "stored" || outcome.kind === "fenced"),
    ).toBe(true);
    for (const id of ids) expect(await mesh.journal.history(id)).toHaveLength(1);
  });
});

test("a worker and a report survive a server that is killed and started again", async () => {
  await withNats(async (nats) => {
    await using mesh = await openMesh({ url: nats.url, name: "test", provision: true });
    const taken: number[] = [];
    const worker = mesh.take({
      stream: STREAMS.journal.name,
      durable: "lane-a",
      capacity: 8,
      onTrouble: () => undefined,
      onDelivery: (delivery, release) => {
        taken.push(delivery.sequence);
        delivery.ack();
        release();
      },
    });
    await mesh.journal.append(firstEntry("cand-outage-a"));
    await eventually(() => taken.length === 1, { what: "dispatch before" });
    await nats.kill9();
    await nats.restart();
    await eventually(
      async () => (await mesh.journal.append(firstEntry("cand-outage-b"))).kind === "stored",
      {
        what: "append after the restart",
        withinMs: 10_000,
      },
    );
    await eventually(() => taken.length >= 2, { what: "dispatch after", withinMs: 15_000 });
    expect(await mesh.reports.store(resultOf(firstEntry("cand-outage-b"), 2))).toBe("stored");
    await worker.stop(1000);
  });
}, 30_000);

test("who asks for nothing, as its hands are full, isn't silent, and hears again when they are free", async () => {
  await withNats(async (nats) => {
    await using mesh = await openMesh({ url: nats.url, name: "test", provision: true });
    const releases: (() => void)[] = [];
    const worker = mesh.take({
      stream: STREAMS.journal.name,
      durable: "lane-a",
      capacity: 1,
      onTrouble: () => undefined,
      onDelivery: (delivery, release) => {
        delivery.ack();
        releases.push(release);
      },
    });
    await mesh.journal.append(firstEntry("cand-full-a"));
    await mesh.journal.append(firstEntry("cand-full-b"));
    await eventually(() => releases.length === 1, { what: "the first dispatch" });
    const since = performance.now();
    // Longer than the server's heartbeats are apart.
    await eventually(() => performance.now() - since > 4000, { what: "a while", withinMs: 6000 });
    expect(worker.silentMs()).toBe(0);
    releases[0]?.();
    expect(worker.silentMs()).toBeLessThan(3000);
    await eventually(() => releases.length === 2, { what: "the second dispatch" });
    releases[1]?.();
    await worker.stop(1000);
  });
}, 30_000);

test("a reader goes on soon after a server that was killed is back, and misses nothing", async () => {
  await withNats(async (nats) => {
    await using mesh = await openMesh({ url: nats.url, name: "test", provision: true });
    const stop = new AbortController();
    const seen: string[] = [];
    const following = follow(mesh, {
      stream: "journal",
      signal: stop.signal,
      onMessage: ({ subject }) => void seen.push(subject.split(".")[3] ?? ""),
    });
    const rounds = ["cand-reader-1", "cand-reader-2", "cand-reader-3"];
    for (const candidateId of rounds) {
      await mesh.journal.append(firstEntry(candidateId));
      await eventually(() => seen.includes(candidateId), { what: candidateId, withinMs: 10_000 });
      await nats.kill9();
      await nats.restart();
      await eventually(() => mesh.trouble() === undefined, { what: "reconnected" });
    }
    stop.abort();
    await following;
    expect(seen).toEqual(rounds);
  });
}, 30_000);

test("a call without a server fails at once with what to reach", async () => {
  const failing = openConnection({ url: "nats://127.0.0.1:1", name: "test", waitForServer: false });
  await expect(failing).rejects.toThrow(Unavailable);
});

test("with synced writes what is ready together is stored as one batch, and a lost fence costs only its own entry", async () => {
  await withNats(
    async (nats) => {
      await using mesh = await openMesh({
        url: nats.url,
        name: "test",
        provision: true,
        syncAlways: true,
      });
      await mesh.journal.append(firstEntry("cand-group-0"));
      const entries = Array.from({ length: 40 }, (_, index) => firstEntry(`cand-group-${index}`));
      const twice = firstEntry("cand-group-1");
      const outcomes = await Promise.all(
        [...entries, twice].map((entry) => mesh.journal.append(entry)),
      );
      expect(outcomes.filter((outcome) => outcome.kind === "fenced")).toHaveLength(2);
      for (const { candidateId } of entries)
        expect(await mesh.journal.history(candidateId)).toHaveLength(1);
      const sequences = outcomes.flatMap((outcome) =>
        outcome.kind === "stored" ? [outcome.sequence] : [],
      );
      expect(new Set(sequences).size).toBe(39);
      for (const [index, entry] of entries.entries()) {
        const outcome = outcomes[index];
        if (outcome?.kind !== "stored") continue;
        expect((await mesh.journal.at(outcome.sequence))?.entry.candidateId).toBe(
          entry.candidateId,
        );
      }
    },
    { syncAlways: true },
  );
});

test("a mesh whose server hangs is disposed of all the same", { timeout: 15_000 }, async () => {
  await withNats(async (nats) => {
    const mesh = await openMesh({ url: nats.url, name: "test", provision: true });
    nats.server.kill("SIGSTOP");
    try {
      await mesh[Symbol.asyncDispose]();
      expect(mesh.nc.isClosed()).toBe(true);
    } finally {
      nats.server.kill("SIGCONT");
    }
  });
});

test("W1: a lane with one place holds a second dispatch while the first only waits, and no third", async () => {
  await withNats(async (nats) => {
    await using mesh = await openMesh({ url: nats.url, name: "test", provision: true });
    const ids = ["cand-place-1", "cand-place-2", "cand-place-3"];
    for (const id of ids) await mesh.journal.append(firstEntry(id));
    const held = new Map<string, () => void>();
    const worker = mesh.laneInbox("lane-a").open({
      capacity: 1,
      onTrouble: () => undefined,
      onDispatch: (dispatch, release) => {
        held.set(dispatch.entry.candidateId, () => {
          dispatch.ack();
          release();
        });
      },
    });
    await eventually(() => held.size === 1, { what: "the first" });
    worker.widen(1);
    await eventually(() => held.size === 2, { what: "the second" });
    worker.widen(-1);
    held.get("cand-place-1")?.();
    expect(worker.held()).toBe(1);
    expect([...held.keys()]).toEqual(ids.slice(0, 2));
    held.get("cand-place-2")?.();
    await eventually(() => held.size === 3, { what: "the third" });
    held.get("cand-place-3")?.();
    await worker.stop(1000);
  });
});
