import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { openMainReader } from "./main-reader.ts";
import { mergeOnce } from "./merge-once.ts";
import { fetchHeads } from "./remote-heads.ts";
import { openScratch } from "./scratch.ts";
import { git, pushedBranch, testRemote } from "./testing/place.ts";

test("main's head is the latest one after every way in which git moves it", async () => {
  const remote = await testRemote();
  const { repository } = remote;
  await using reader = await openMainReader(remote);
  const first = await reader.head();
  expect(first).toBe(git(repository, "rev-parse", "main"));
  expect(await reader.head()).toBe(first);

  const merged = await mergeOnce(await pushedBranch(remote, "run-000001"));
  expect(await reader.head()).toBe(merged.commit);

  git(repository, "pack-refs", "--all", "--prune");
  expect(readdirSync(join(repository, "refs/heads"))).not.toContain("main");
  expect(await reader.head()).toBe(merged.commit);

  git(repository, "update-ref", "refs/heads/main", first);
  expect(await reader.head()).toBe(first);

  git(repository, "update-ref", "refs/heads/trunk", first);
  git(repository, "symbolic-ref", "refs/heads/main", "refs/heads/trunk");
  expect(await reader.head()).toBe(first);
  git(repository, "update-ref", "refs/heads/trunk", merged.commit);
  expect(await reader.head()).toBe(merged.commit);
});

test("a repository that is gone since the last look isn't answered for", async () => {
  const remote = await testRemote();
  await using reader = await openMainReader(remote);
  await reader.head();
  rmSync(remote.repository, { recursive: true });
  await expect(reader.head()).rejects.toMatchObject({ code: "E_GIT_UNAVAILABLE" });
});

test.each([true, false])("a fetch from this machine copies no objects (bare: %j)", async (bare) => {
  const remote = await testRemote();
  await using scratch = await openScratch(remote, { bare });
  const { main } = await fetchHeads(scratch);
  expect(main).toBe(git(remote.repository, "rev-parse", "main"));
  const own = await scratch.text(["count-objects", "-v"]);
  expect(own).toMatch(/^count: 0\n/);
  expect(own).toMatch(/^in-pack: 0$/m);
  expect(await scratch.text(["cat-file", "-t", main])).toBe("commit");
});

test("what brought each file is found at once for all, also after main was moved back", async () => {
  const remote = await testRemote();
  const { repository } = remote;
  await using reader = await openMainReader(remote);
  const folder = "strategies";
  const first = await reader.head();
  const path = "strategies/one.yaml";
  const one = await mergeOnce(await pushedBranch(remote, "run-000001", { path, content: "1\n" }));
  const two = await mergeOnce(await pushedBranch(remote, "run-000002"));
  const again = await pushedBranch(remote, "run-000003", { path, content: "2\n" });
  const three = await mergeOnce(again);
  const brought = async (since?: string) => {
    await reader.files(folder);
    const names = ["first.yaml", "one.yaml", "run-000002.yaml", "missing.yaml"];
    const found = await reader.brought(folder, names, since);
    return Object.fromEntries([...found].map(([name, { commit }]) => [name, commit]));
  };
  const all = { "first.yaml": first, "one.yaml": three.commit, "run-000002.yaml": two.commit };
  for (const since of [undefined, first, two.commit, three.commit])
    expect(await brought(since)).toEqual(all);
  git(repository, "update-ref", "refs/heads/main", one.commit);
  expect(await brought(three.commit)).toEqual({ "first.yaml": first, "one.yaml": one.commit });
  const times = await reader.brought(folder, ["one.yaml"]);
  expect(times.get("one.yaml")?.timeMs).toBe(Date.parse(one.time));
});

test("a name with a tab stands for no other file, and what is no file of ours isn't in the way", async () => {
  const remote = await testRemote();
  const { repository } = remote;
  const run = (args: readonly string[], input: string): string =>
    execFileSync("git", ["-C", repository, ...args], { input, encoding: "utf8" }).trim();
  const blob = (text: string) => run(["hash-object", "-w", "--stdin"], text);
  const [ours, theirs] = [blob("notional: 5000\n"), blob("notional: 450000\n")];
  const notes = blob("x".repeat(1_000_000));
  const names = Array.from({ length: 80 }, (_, index) => `notes-${index}.txt`);
  const files = [
    ["cand-aaaaaaaaaaaa.yaml", ours],
    ["cand-aaaaaaaaaaaa.yaml\tz", theirs],
    ["cand-bbbbbbbbbbbb.yaml\tz.yaml", theirs],
    ...names.map((name) => [name, notes]),
  ];
  const tree = files.map(([name, sha]) => `100644 blob ${sha}\t${name}\0`).join("");
  const strategies = run(["mktree", "-z"], tree);
  const root = run(["mktree", "-z"], `040000 tree ${strategies}\tstrategies\0`);
  const parent = git(repository, "rev-parse", "main");
  const commit = git(repository, "commit-tree", root, "-p", parent, "-m", "Odd names");
  git(repository, "update-ref", "refs/heads/main", commit);
  await using reader = await openMainReader(remote);
  expect([...(await reader.files("strategies")).files]).toEqual([
    ["cand-aaaaaaaaaaaa.yaml", "notional: 5000\n"],
    ["cand-bbbbbbbbbbbb.yaml\tz.yaml", "notional: 450000\n"],
  ]);
});

test.skipIf(process.getuid?.() !== 0)(
  "somebody else's repository on this machine is neither read nor pushed to: its hooks would run as ours",
  async () => {
    const remote = await testRemote();
    const { repository } = remote;
    const ran = join(repository, "ran");
    mkdirSync(join(repository, "hooks"), { recursive: true });
    for (const hook of ["pre-receive", "update", "reference-transaction"])
      writeFileSync(join(repository, "hooks", hook), `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
    const merge = await pushedBranch(remote, "run-000001");
    rmSync(ran, { force: true });
    execFileSync("chown", ["-R", "65534:65534", repository]);
    await expect(mergeOnce(merge)).rejects.toMatchObject({ code: "E_GIT_OWNERSHIP" });
    await expect(
      (async () => {
        await using reader = await openMainReader(remote);
        return await reader.files("strategies");
      })(),
    ).rejects.toMatchObject({ code: "E_GIT_OWNERSHIP" });
    expect(existsSync(ran)).toBe(false);
  },
);
