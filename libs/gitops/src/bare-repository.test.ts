import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";

import { createBareRepository } from "./bare-repository.ts";
import { git, testFolder, testRemote } from "./testing/place.ts";

test("ten callers at once get one and the same repository, and nothing half made stays behind", async () => {
  const dir = join(testFolder(), "sub/gitops.git");
  const files = { "a/b.txt": "x\n" };
  const heads = await Promise.all(
    Array.from({ length: 10 }, () => createBareRepository(dir, { initialFiles: files })),
  );
  expect(new Set(heads).size).toBe(1);
  expect(git(dir, "show", "main:a/b.txt")).toBe("x");
  expect(readdirSync(dirname(dir))).toEqual(["gitops.git"]);
});

test("an existing repository keeps what it has", async () => {
  const { repository } = await testRemote();
  const before = git(repository, "rev-parse", "main");
  const again = await createBareRepository(repository, { initialFiles: { "other.txt": "y\n" } });
  expect(again).toBe(before);
});

test("something else in the way is refused and stays as it is", async () => {
  const dir = testFolder();
  writeFileSync(join(dir, "precious.txt"), "mine");
  await expect(createBareRepository(dir)).rejects.toMatchObject({
    code: "E_GIT_IN_THE_WAY",
    class: "deterministic",
  });
  expect(readdirSync(dir)).toEqual(["precious.txt"]);
  await expect(createBareRepository("relative/place")).rejects.toMatchObject({
    code: "E_GIT_ADDRESS",
  });
});

test("the remote itself refuses to rewind or delete main", async () => {
  const { repository } = await testRemote();
  mkdirSync(join(repository, "../clone"));
  const clone = join(repository, "../clone");
  git(clone, "clone", "--quiet", repository, ".");
  const commit = ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet"];
  git(clone, ...commit, "--amend", "-m", "rewritten");
  expect(() => git(clone, "push", "--force", "origin", "main")).toThrow(/non-fast-forward|denied/);
  expect(() => git(clone, "push", "origin", ":main")).toThrow(/den/);
});

test("a lock file that a killed git left is removed once it is older than any command may run", async () => {
  const { repository } = await testRemote();
  const stale = join(repository, "refs/heads/main.lock");
  const held = join(repository, "refs/heads/other.lock");
  writeFileSync(stale, "");
  writeFileSync(held, "");
  const longAgo = new Date(Date.now() - 10 * 60_000);
  utimesSync(stale, longAgo, longAgo);
  await createBareRepository(repository);
  expect(readdirSync(dirname(stale)).toSorted()).toEqual(["main", "other.lock"]);
});
