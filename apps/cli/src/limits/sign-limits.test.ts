import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openLimits } from "@baton/brokerage";
import { ensureKeyFile } from "@baton/client";
import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test, vi } from "vitest";
import { stringify } from "yaml";

import { baton } from "../testing/run-baton.ts";

vi.setConfig({ testTimeout: 60_000 });

const MESH = `mesh-${"a".repeat(32)}`;
const OTHER = `mesh-${"b".repeat(32)}`;

test("two people's signatures raise a limit; changing a figure afterwards voids them", async () => {
  const folder = temporaryFolder("limits");
  onTestFinished(() => folder.remove());
  const people = join(folder.path, "people.yaml");
  const file = join(folder.path, "limits.yaml");
  const keys = ["ada", "ben", "bot"].map((name) => {
    const path = join(folder.path, `${name}.key`);
    return { path, key: ensureKeyFile(path, { name, fallback: name }).key };
  });
  const registry = keys.map(({ key }) => ({
    name: key.name,
    publicKey: key.publicKey,
    roles: key.name === "bot" ? [] : ["raise-limits"],
  }));
  writeFileSync(people, stringify(registry));
  const limits = { notional: 9e6, orderNotional: 1e5, position: 10, ordersPerMinute: 5 };
  const accounts = { "cand-0001": { limits, why: "agreed" } };
  writeFileSync(file, stringify({ version: "baton-limits-v2", accounts }));
  const sign = (path: string, more: readonly string[] = ["--yes"], mesh = MESH, known = "") =>
    baton(["limits", "sign", file, ...more], {
      cwd: folder.path,
      env: { BATON_KEY_FILE: path, BATON_MESH: mesh, BATON_PEOPLE: known },
    });
  const [ada, ben, bot] = keys;
  const before = readFileSync(file, "utf8");
  expect(await sign(ada?.path ?? "", [])).toMatchObject({ code: 2 });
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(await sign(bot?.path ?? "", ["--yes"], MESH, people)).toMatchObject({
    code: 9,
    stderr: expect.stringMatching(/E_DENIED.*bot may not raise limits[^]*ada, ben have it/),
  });
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(await sign(ada?.path ?? "", ["--yes"], MESH, people)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /cand-0001: notional 9000000 \(agreed\), in mesh-a+ until \S+; 1 signature\n/,
    ),
  });
  // Where no registry is known the signature is made, and counts for nothing.
  expect(await sign(bot?.path ?? "")).toMatchObject({ code: 0 });
  await expect(openLimits({ file, people, mesh: MESH })).rejects.toThrow(
    /signed by ada only, and by bot without it/,
  );
  const elsewhere = await sign(ben?.path ?? "", ["--yes"], OTHER);
  expect(elsewhere).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("and this is mesh-b"),
  });
  const late = await sign(ben?.path ?? "", ["--yes", "--until", "2999-01-01"]);
  expect(late).toMatchObject({ code: 3, stderr: expect.stringContaining("90 days are the most") });
  expect(await sign(ben?.path ?? "", ["--yes", "--until", "soon"])).toMatchObject({ code: 2 });
  await sign(ben?.path ?? "");
  await expect(openLimits({ file, people, mesh: OTHER })).rejects.toThrow(/raised for mesh-a/);
  expect((await openLimits({ file, people, mesh: MESH })).of("cand-0001")).toEqual(limits);
  writeFileSync(file, readFileSync(file, "utf8").replace("9000000", "90000000"));
  await expect(openLimits({ file, people, mesh: MESH })).rejects.toThrow(/ada's signature/);
});
