/** What a start that is refused or killed leaves half made is gone: at once, or at the next start. */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { meshDirectory } from "@baton/client";
import { makeFolders, prepare } from "@baton/local-mesh";
import { expect, onTestFinished, test } from "vitest";

import { baton } from "../testing/run-baton.ts";

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "baton-leftovers-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function unfinished(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.new(\.home)?$/.test(name),
  );
}

/** Above the highest process number that Linux gives. */
const GONE = 4_194_305;

test("what killed processes left is removed; what a running one makes, and people's files, stay", async () => {
  const directory = meshDirectory(folder());
  makeFolders(directory, []);
  mkdirSync(directory.keys);
  mkdirSync(join(directory.root, `gitops.git.${GONE}-0a1b2c3d.new/refs`), { recursive: true });
  mkdirSync(join(directory.root, `strategies.git.${GONE}-0a1b2c3d.new.home`));
  writeFileSync(join(directory.keys, `cli.seed.${GONE}.new`), "");
  writeFileSync(join(directory.root, `people.yaml.${process.pid}.new`), "");
  writeFileSync(join(directory.root, "what.is.new"), "");
  await prepare(directory);
  expect(unfinished(directory.root).toSorted()).toEqual([
    `people.yaml.${process.pid}.new`,
    "what.is.new",
  ]);
});

test("one repository that can't be made leaves nothing of the other half made", async () => {
  const directory = meshDirectory(folder());
  makeFolders(directory, []);
  writeFileSync(directory.strategies, "in the way");
  await expect(prepare(directory)).rejects.toMatchObject({ code: "E_GIT_IN_THE_WAY" });
  expect(unfinished(directory.root)).toEqual([]);
  expect(readdirSync(directory.gitops)).toContain("HEAD");
});

test("a start that is refused for a port ends after what it had begun", async () => {
  const dir = folder();
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const bound = taken.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const { code, stderr } = await baton(["up", "--data", dir, "--port", String(port)]);
  expect(code).toBe(6);
  expect(stderr).toContain("`--port 0` takes any free port");
  expect(unfinished(dir)).toEqual([]);
}, 30_000);
