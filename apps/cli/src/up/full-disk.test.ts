/** A disk that is full where a mesh starts, and one behind its own output. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { meshDirectory, readState } from "@baton/client";
import { makeFolders, prepare } from "@baton/local-mesh";
import { explainError } from "@baton/terminal";
import { eventually } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { folder } from "./testing/up-process.ts";

const MAIN = join(import.meta.dirname, "../main.ts");

/** A disk of 1 MB; undefined where nobody may mount one. */
function smallDisk(): string | undefined {
  const path = mkdtempSync(join(tmpdir(), "baton-small-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const options = ["-t", "tmpfs", "-o", "size=1m,mode=0700", "baton-test", path];
  if (process.platform !== "linux" || spawnSync("mount", options).status !== 0) return undefined;
  onTestFinished(() => void spawnSync("umount", ["--lazy", path]));
  return path;
}

/** Fills a disk to its last block. */
function fill(disk: string): void {
  const file = openSync(join(disk, "filler"), "w");
  try {
    for (const bytes of [65_536, 4096, 512])
      for (const block = Buffer.alloc(bytes, 1); ;) if (writeSync(file, block) < bytes) break;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  } finally {
    closeSync(file);
  }
}

test("a start on a full disk says so and leaves nothing half made", async (context) => {
  const disk = smallDisk();
  if (disk === undefined) return context.skip("nobody may mount a tmpfs here");
  const directory = meshDirectory(join(disk, "mesh"));
  makeFolders(directory, []);
  await prepare(directory);
  rmSync(directory.auditPublicKey);
  fill(disk);
  const before = readdirSync(directory.root).toSorted();
  const failure: unknown = await prepare(directory).catch((error: unknown) => error);
  expect(explainError(failure)).toMatchObject({
    code: "E_UNAVAILABLE",
    exit: 8,
    message: expect.stringContaining("no space is left"),
    action: expect.stringContaining("Make room"),
  });
  expect(readdirSync(directory.root).toSorted()).toEqual(before);

  rmSync(join(disk, "filler"));
  await prepare(directory);
  expect(readdirSync(directory.root)).toContain("audit.pub");
});

test.runIf(process.platform === "linux")(
  "a mesh whose own output can't be written runs on, says so once, and ends with 8",
  { timeout: 150_000 },
  async () => {
    const full = openSync("/dev/full", "w");
    onTestFinished(() => closeSync(full));
    const args = [MAIN, "up", "--json", "--data", folder(), "--port", "0"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", full, "pipe"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    let errors = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
    const state = await eventually(() => readState(join(folder(), "up.json")), {
      what: "the mesh is up",
      withinMs: 90_000,
    });
    await eventually(() => errors.includes("standard output"), { what: "it says so" });
    // Each change is one more line that can't be written.
    const lane = state.pids["lane-a"] ?? 0;
    process.kill(lane, "SIGKILL");
    await eventually(
      () => {
        const now = readState(join(folder(), "up.json"))?.pids["lane-a"];
        return now !== undefined && now !== lane;
      },
      { what: "it brings back what died", withinMs: 60_000 },
    );
    expect(child.exitCode).toBeNull();
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([8, null]);
    expect(errors.match(/standard output/g)).toHaveLength(1);
  },
);
