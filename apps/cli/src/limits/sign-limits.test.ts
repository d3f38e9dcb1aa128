import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openLimits } from "@baton/brokerage";
import { ensureKeyFile } from "@baton/client";
import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test, vi } from "vitest";
import { stringify } from "yaml";

import { baton } from "../testing/run-baton.ts";

vi.setConfig({ testTimeout: 60_000 });

test("two people's signatures raise a limit; changing a figure afterwards voids them", async () => {
  const folder = temporaryFolder("limits");
  onTestFinished(() => folder.remove());
  const people = join(folder.path, "people.yaml");
  const file = join(folder.path, "limits.yaml");
  const keys = ["ada", "ben"].map((name) => {
    const path = join(folder.path, `${name}.key`);
    return { path, key: ensureKeyFile(path, { name, fallback: name }).key };
  });
  const registry = keys.map(({ key }) => ({
    name: key.name,
    publicKey: key.publicKey,
    roles: [],
  }));
  writeFileSync(people, stringify(registry));
  const limits = { notional: 9e6, orderNotional: 1e5, position: 10, ordersPerMinute: 5 };
  const accounts = { "cand-0001": { limits, why: "agreed" } };
  writeFileSync(file, stringify({ version: "baton-limits-v1", accounts }));
  const sign = (path: string, more: readonly string[] = ["--yes"]) =>
    baton(["limits", "sign", file, ...more], { cwd: folder.path, env: { BATON_KEY_FILE: path } });
  const [ada, ben] = keys;
  const before = readFileSync(file, "utf8");
  expect(await sign(ada?.path ?? "", [])).toMatchObject({ code: 2 });
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(await sign(ada?.path ?? "")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("cand-0001: notional 9000000 (agreed); 1 signature\n"),
  });
  await sign(ada?.path ?? "");
  await expect(openLimits({ file, people })).rejects.toThrow(/signed by ada only/);
  await sign(ben?.path ?? "");
  expect((await openLimits({ file, people })).of("cand-0001")).toEqual(limits);
  writeFileSync(file, readFileSync(file, "utf8").replace("9000000", "90000000"));
  await expect(openLimits({ file, people })).rejects.toThrow(/ada's signature/);
});
