/** The disk of nats-server is really full: nobody can engage the kill switch, so the engine counts it as engaged. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "@baton/testkit";
import { expect, onTestFinished, test, vi } from "vitest";

import { blocked, controlledPlace } from "./testing/controlled-place.ts";
import { testFolder } from "./testing/place.ts";

// Real processes and a real disk: on a busy machine they take their time.
vi.setConfig({ testTimeout: 120_000 });

/** The pulse is late after 8 s, the engine asks for it every second, and for one more it may have to wait. */
const STOPPED_WITHIN_MS = 12_000;
/** What a busy machine takes for a look. */
const SLACK_MS = 5000;
const STOPPED =
  /nobody (?:could engage the mesh's kill switch|knows whether the mesh's kill switch is engaged)/;

/** A disk of 24 MB; undefined where nobody may mount one. */
function smallDisk(): string | undefined {
  const path = testFolder();
  const options = ["-t", "tmpfs", "-o", "size=24m,mode=0700", "baton-test", path];
  if (process.platform !== "linux" || spawnSync("mount", options).status !== 0) return undefined;
  onTestFinished(() => void spawnSync("umount", ["--lazy", path]));
  return path;
}

/** Fills a disk to its last block; gives what makes room again. */
function fill(disk: string): () => void {
  const path = join(disk, "filler");
  const file = openSync(path, "w");
  try {
    for (const bytes of [65_536, 4096, 512])
      for (const block = Buffer.alloc(bytes, 1); ;) if (writeSync(file, block) < bytes) break;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  } finally {
    closeSync(file);
  }
  expect(statfsSync(disk).bavail).toBe(0);
  return () => rmSync(path);
}

test("on a full disk nothing is increased any more within seconds, closes pass, and it goes on when there is room", async (context) => {
  const disk = smallDisk();
  if (disk === undefined) return context.skip("nobody may mount a tmpfs here");
  const place = await controlledPlace({ storeDir: join(disk, "store") });
  const engine = place.engine();
  place.want(5);
  await engine.until("it holds 5", ({ settled }) => settled);

  const start = performance.now();
  const makeRoom = fill(disk);
  const stop = await eventually(async () => (await engine.status()).controls?.stop, {
    what: "the engine increases nothing",
    withinMs: STOPPED_WITHIN_MS + SLACK_MS,
  });
  expect(performance.now() - start).toBeLessThan(STOPPED_WITHIN_MS + SLACK_MS);
  expect(stop).toMatch(STOPPED);
  place.want(9);
  await engine.until("it is blocked", blocked(STOPPED));
  expect(await place.held()).toBe("5");
  place.want(2);
  await engine.until(
    "it is closed down to 2",
    ({ settled, notional }) => settled && notional === 200,
  );
  expect(await place.held()).toBe("2");

  makeRoom();
  await place.nats.restart();
  place.want(7);
  await engine.until("it goes on", ({ settled, notional }) => settled && notional === 700);
  expect(await place.held()).toBe("7");
});
