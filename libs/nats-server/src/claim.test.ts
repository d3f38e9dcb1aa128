import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { claimWhenFree, tryClaim } from "./claim.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "baton-claim-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a folder has one holder at a time, and says which process", () => {
  const first = tryClaim(folder);
  expect(first.ok).toBe(true);
  expect(tryClaim(folder)).toEqual({
    ok: false,
    holder: { pid: process.pid, tiedTo: undefined },
  });
  if (first.ok) first.claim.release();
  expect(tryClaim(folder).ok).toBe(true);
});

test("the claim of a process that was killed counts no more and is swept", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"]);
  const attempt = tryClaim(folder);
  if (!attempt.ok) throw new Error("a fresh folder is free");
  attempt.claim.transfer(child.pid ?? -1);
  expect(tryClaim(folder)).toMatchObject({ ok: false, holder: { pid: child.pid } });
  child.kill("SIGKILL");
  await once(child, "exit");
  const next = tryClaim(folder);
  expect(next.ok).toBe(true);
  expect(readdirSync(folder)).toHaveLength(1);
});

test("a claim that was passed on tells whether the process that made it is alive", () => {
  const attempt = tryClaim(folder, { tied: true });
  if (!attempt.ok) throw new Error("a fresh folder is free");
  attempt.claim.transfer(process.ppid);
  expect(tryClaim(folder)).toEqual({
    ok: false,
    holder: { pid: process.ppid, tiedTo: { alive: true } },
  });
});

test("those who wait get it one after the other", async () => {
  const { signal } = new AbortController();
  let inside = 0;
  let most = 0;
  const visit = async (): Promise<void> => {
    const claim = await claimWhenFree(folder, { signal, waiting: () => undefined });
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    claim.release();
  };
  await Promise.all([visit(), visit(), visit()]);
  expect(most).toBe(1);
});

test("waiting ends with the signal", async () => {
  tryClaim(folder);
  const stop = new AbortController();
  const waiting = claimWhenFree(folder, { signal: stop.signal, waiting: () => stop.abort() });
  await expect(waiting).rejects.toThrow("aborted");
});
