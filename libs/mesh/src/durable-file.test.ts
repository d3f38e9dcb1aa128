import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { readIfThere, writeDurably } from "./durable-file.ts";

test("a file that can't be put in place leaves nothing half written; one that can is there", async () => {
  const folder = temporaryFolder("durable-file");
  onTestFinished(() => folder.remove());
  const { path } = folder;
  const taken = join(path, "taken");
  mkdirSync(join(taken, "in-the-way"), { recursive: true });
  await expect(writeDurably(taken, "new\n")).rejects.toThrow(/^E/);
  expect(readdirSync(path)).toEqual(["taken"]);
  await writeDurably(join(path, "mark"), "new\n");
  expect(await readIfThere(join(path, "mark"))).toBe("new\n");
});
