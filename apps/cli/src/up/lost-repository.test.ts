/** A repository that an existing mesh had is made anew only by who says so. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { meshDirectory } from "@baton/client";
import { makeFolders, prepare } from "@baton/local-mesh";
import { expect, onTestFinished, test } from "vitest";

import { baton } from "../testing/run-baton.ts";

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "baton-lost-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test.each(["gitops", "strategies"] as const)("the %s repository", async (which) => {
  const directory = meshDirectory(folder());
  makeFolders(directory, []);
  await prepare(directory);
  const path = directory[which];
  // Before the first coordinator ran, nothing can be lost.
  rmSync(path, { recursive: true });
  await prepare(directory);
  writeFileSync(directory.mark, "{}");
  await prepare(directory);
  rmSync(path, { recursive: true });
  await expect(prepare(directory)).rejects.toMatchObject({
    details: { code: "E_LOG_RESET", exit: 8, message: expect.stringContaining(path) },
  });
  expect(existsSync(path)).toBe(false);
  await prepare(directory, { remakes: true });
  expect(existsSync(join(path, "HEAD"))).toBe(true);
});

test("baton up refuses and leaves nothing running", { timeout: 60_000 }, async () => {
  const root = folder();
  writeFileSync(meshDirectory(root).mark, "{}");
  const { code, stderr } = await baton(["up", "--data", root, "--port", "0"]);
  expect(code).toBe(8);
  expect(stderr).toContain("E_LOG_RESET (8): this mesh had a Git repository");
  expect(existsSync(meshDirectory(root).gitops)).toBe(false);
  expect(existsSync(meshDirectory(root).state)).toBe(false);
});
