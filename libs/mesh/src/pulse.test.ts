/** A server that answers everything and stores nothing: its disk is full. Made by the file size limit of its process. */
import { spawnSync } from "node:child_process";

import { eventually, withNats } from "@baton/testkit";
import { expect, test, vi } from "vitest";

import { Unavailable } from "./connect.ts";
import { openMesh } from "./mesh.ts";
import { NobodyTakes } from "./publisher.ts";
import { startPulse } from "./pulse.ts";
import { firstEntry } from "./sample-entry.test-data.ts";

const limit = (pid: number, soft: string): boolean =>
  spawnSync("prlimit", ["--pid", String(pid), `--fsize=${soft}:unlimited`]).status === 0;
const canLimit = limit(process.pid, "unlimited");

test.runIf(canLimit)(
  "a server that stores nothing is found by writes, also once its disk has room again, until it's restarted",
  { timeout: 60_000 },
  async () => {
    await withNats(async (nats) => {
      await using mesh = await openMesh({ url: nats.url, name: "test", provision: true });
      await mesh.journal.append(firstEntry("cand-before"));
      await eventually(() => mesh.jsm.streams.getMessage("PULSE", { seq: 1 }), { what: "a pulse" });
      expect(mesh.pulse?.trouble()).toBeUndefined();

      expect(limit(nats.server.pid, "1")).toBe(true);
      const append = mesh.journal.append(firstEntry("cand-during"), { once: true });
      await expect(append).rejects.toBeInstanceOf(Unavailable);
      const told = await eventually(() => mesh.pulse?.trouble(), {
        what: "the pulse stops",
        withinMs: 20_000,
      });
      expect(told).toMatch(
        /^nothing that is written was stored for \d+ s \(nor answered for JOURNAL\)/,
      );
      expect(mesh.trouble()).toMatch(/^writes to JOURNAL, PULSE aren't answered: .*restart/);
      // Everything else is as if nothing was: that is the point.
      expect((await mesh.jsm.streams.info("JOURNAL")).state.messages).toBe(1);

      // The same after there is room: only another process stores again.
      expect(limit(nats.server.pid, "unlimited")).toBe(true);
      const again = mesh.journal.append(firstEntry("cand-during"), { once: true });
      await expect(again).rejects.toBeInstanceOf(Unavailable);
      expect(mesh.pulse?.trouble()).toBeDefined();
      await nats.restart();
      await eventually(() => mesh.trouble() === undefined && mesh.pulse?.trouble() === undefined, {
        what: "writes are stored again",
        withinMs: 15_000,
      });
      expect(await mesh.journal.append(firstEntry("cand-during"))).toMatchObject({
        kind: "stored",
      });
      expect((await mesh.journal.history("cand-before")).length).toBe(1);
    });
  },
);

test("nothing beats while CONTROLS doesn't answer writes", async () => {
  const beats: string[] = [];
  const pulse = startPulse({
    publish: ({ subject }) => {
      beats.push(subject);
      return Promise.resolve({ sequence: 1, duplicate: false });
    },
    unanswered: () => ["CONTROLS"],
  });
  await Promise.resolve();
  pulse.stop();
  expect(beats).toEqual([]);
});

test("without its stream that is what is said, not that the disk is full", async () => {
  vi.useFakeTimers();
  try {
    const pulse = startPulse({
      publish: () => Promise.reject(new NobodyTakes("no stream takes this subject")),
      unanswered: () => [],
    });
    await vi.advanceTimersByTimeAsync(9000);
    expect(pulse.trouble()).toMatch(/^no pulse is stored for 9 s: the stream PULSE is gone/);
    pulse.stop();
  } finally {
    vi.useRealTimers();
  }
});

test("streams that are no history are made again by who makes streams, with their consumers, as the same mesh's", async () => {
  await withNats(async (nats) => {
    await using mesh = await openMesh({ url: nats.url, name: "test", provision: true });
    const { jsm } = mesh;
    await eventually(() => jsm.streams.getMessage("PULSE", { seq: 1 }), { what: "a pulse" });
    for (const name of ["PULSE", "ADVISORIES", "KV_REVIEWS"]) await jsm.streams.delete(name);
    await jsm.streams.delete("REPORTS");
    await eventually(() => jsm.streams.getMessage("PULSE", { seq: 1 }), {
      what: "a pulse again",
      withinMs: 15_000,
    });
    await eventually(() => jsm.consumers.info("ADVISORIES", "coordinator-advisories"), {
      what: "the durable of the advisories",
      withinMs: 15_000,
    });
    const { config } = await jsm.streams.info("KV_REVIEWS");
    expect(config.metadata?.["baton-mesh"]).toBe(mesh.name);
    expect(mesh.pulse?.trouble()).toBeUndefined();
    // What is history stays lost.
    await expect(jsm.streams.info("REPORTS")).rejects.toThrow(/not found/);
  });
}, 40_000);
