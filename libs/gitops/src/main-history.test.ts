import { expect, test } from "vitest";

import { openMainReader } from "./main-reader.ts";
import { mergeOnce } from "./merge-once.ts";
import { git, pushedBranch, testRemote } from "./testing/place.ts";

test("main goes on from what it has, and from nothing else, until a commit on it accepts that", async () => {
  const remote = await testRemote();
  const { repository } = remote;
  await using reader = await openMainReader(remote);
  const first = await reader.head();
  const { commit } = await mergeOnce(await pushedBranch(remote, "run-000001"));
  await reader.files("strategies");
  expect([await reader.goesOnFrom(first), await reader.goesOnFrom(commit)]).toEqual([true, true]);
  expect(await reader.lostAction()).toBeUndefined();
  git(repository, "update-ref", "refs/heads/main", first);
  await reader.files("strategies");
  expect([await reader.goesOnFrom(first), await reader.goesOnFrom(commit)]).toEqual([true, false]);
  expect(await reader.goesOnFrom("0".repeat(40))).toBe(false);
  expect(await reader.lostAction()).toBe(commit);
  expect(await reader.namesAt(commit, "strategies")).toEqual(["first.yaml", "run-000001.yaml"]);
  expect(await reader.namesAt("0".repeat(40), "strategies")).toBeUndefined();
  // A mention is no trailer.
  for (const [message, accepts] of [
    [`Baton-Main-Lost: ${commit}\n\nis what a trailer looks like`, false],
    [`Accept\n\nBaton-Main-Lost: ${commit}`, true],
  ] as const) {
    const who = ["-c", "user.name=T", "-c", "user.email=t@t"];
    const next = git(repository, ...who, "commit-tree", "main^{tree}", "-p", "main", "-m", message);
    git(repository, "update-ref", "refs/heads/main", next);
    await reader.files("strategies");
    expect(await reader.goesOnFrom(commit)).toBe(accepts);
    expect(await reader.lostAction()).toBe(accepts ? undefined : commit);
  }
});
