import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import { endOfLog } from "./log-end.ts";
import { DEFAULT_RESTART_POLICY, restartDelay } from "./restart-policy.ts";
import { supervise, type Supervised } from "./supervise.ts";
import { superviseProgram } from "./testing/place.ts";

let dir: string;
let running: Supervised[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "baton-supervisor-"));
});

afterEach(async () => {
  await Promise.all(running.map((one) => one.stop(1000)));
  running = [];
  rmSync(dir, { recursive: true, force: true });
});

function watch(...given: Parameters<typeof superviseProgram>): ReturnType<typeof superviseProgram> {
  const watched = superviseProgram(...given);
  running.push(watched.supervised);
  return watched;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a killed service comes back as another process and is ready again", async () => {
  const { supervised, events } = watch(dir, ["ready"]);
  await supervised.whenReady();
  const first = supervised.pid();
  supervised.kill("SIGKILL");
  await expect
    .poll(() => events.some(({ kind }) => kind === "ended"), { timeout: 10_000 })
    .toBe(true);
  await supervised.whenReady();
  expect(supervised.pid()).not.toBe(first);
  expect(supervised.restarts()).toBe(1);
  expect(events.map(({ kind }) => kind)).toEqual(["started", "ready", "ended", "started", "ready"]);
  expect(events[2]).toMatchObject({ pid: first, exit: { code: null, signal: "SIGKILL" } });
});

test("a service that hangs is killed and comes back; one that answers is left alone", async () => {
  const { supervised, events } = watch(dir, ["ready"], 10_000, { everyMs: 20, misses: 5 });
  await supervised.whenReady();
  const first = supervised.pid();
  await delay(300);
  expect(supervised.pid()).toBe(first);
  supervised.kill("SIGSTOP");
  await expect
    .poll(() => events.some(({ kind }) => kind === "ended"), { timeout: 20_000 })
    .toBe(true);
  await supervised.whenReady();
  expect(events.slice(0, 5)).toMatchObject([
    { kind: "started", pid: first },
    { kind: "ready" },
    { kind: "hangs", pid: first },
    { kind: "ended", pid: first, exit: { signal: "SIGKILL" } },
    { kind: "started" },
  ]);
});

test("a wrong configuration is told at once and not tried again", async () => {
  const { supervised, logFile } = watch(dir, ["exit=3"]);
  await expect(supervised.whenReady()).rejects.toMatchObject({
    message: "program ended with code 3 before it was ready",
    exitCode: 3,
  });
  expect(supervised.restarts()).toBe(0);
  expect(supervised.state().kind).toBe("failed");
  expect(endOfLog(logFile)).toBe("this is why");
});

test("a service that never becomes ready is given up after three processes", async () => {
  const { supervised, events } = watch(dir, ["exit=70"]);
  await expect(supervised.whenReady()).rejects.toThrow("ended with code 70 before it was ready");
  expect(events.map(({ kind }) => kind)).toEqual([
    "started",
    "ended",
    "started",
    "ended",
    "started",
    "failed",
  ]);
});

test("a program that isn't there is told with its name", async () => {
  const supervised = supervise({
    name: "ghost",
    launch: () => Promise.reject(new Error("spawn /no/such ENOENT")),
    untilReady: () => Promise.resolve(),
  });
  await expect(supervised.whenReady()).rejects.toThrow(
    "ghost can't be started: spawn /no/such ENOENT",
  );
});

test("a service that runs but isn't ready in time names the checks that fail, and goes on", async () => {
  const { supervised } = watch(dir, ["unready"], 3000);
  await expect(supervised.whenReady()).rejects.toThrow(
    "program isn't ready: not within 3000 ms; last answer: server: no connection",
  );
  expect(supervised.pid()).toBeDefined();
});

test("stopping ends a process that ignores SIGTERM, and starts none afterwards", async () => {
  const { supervised, events } = watch(dir, ["ready", "stubborn"]);
  await supervised.whenReady();
  const pid = supervised.pid() ?? 0;
  await supervised.stop(50);
  expect(exists(pid)).toBe(false);
  expect(supervised.state().kind).toBe("stopped");
  await expect(supervised.whenReady()).rejects.toThrow("program was stopped");
  expect(events.filter(({ kind }) => kind === "started")).toHaveLength(1);
});

test("stopping while a process is being started leaves none behind", async () => {
  const { supervised } = watch(dir, ["ready"]);
  await supervised.stop(1000);
  expect(supervised.state().kind).toBe("stopped");
  expect(supervised.pid()).toBeUndefined();
});

test("a service doesn't outlive a supervisor that is killed", async () => {
  const watcher = spawn(process.execPath, [join(import.meta.dirname, "testing/watcher.ts"), dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = await once(watcher.stdout, "data");
  const pid = Number(String(printed));
  expect(exists(pid)).toBe(true);
  watcher.kill("SIGKILL");
  await once(watcher, "exit");
  for (let look = 0; look < 200 && exists(pid); look += 1) await delay(25);
  expect(exists(pid)).toBe(false);
});

test("delays between restarts grow to a bound", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8, 50].map((inARow) =>
    restartDelay(DEFAULT_RESTART_POLICY, inARow),
  );
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});
