import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { KINDS } from "@baton/mesh";
import { findNatsServer, renderAccess } from "@baton/nats-server";
import { temporaryFolder, type TemporaryFolder } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { baton } from "../testing/run-baton.ts";
import { readKeys } from "./nats-config.ts";

const DEPLOY = join(import.meta.dirname, "../../../../deploy/nats");
let folder: TemporaryFolder;
beforeAll(() => {
  folder = temporaryFolder("nats-config");
});
afterAll(() => folder.remove());

const at = (name: string): string => join(folder.path, name);

test("the example configuration is what the code says, and a server takes it", async () => {
  const access = renderAccess(await readKeys(join(DEPLOY, "keys.yaml")));
  expect(readFileSync(join(DEPLOY, "access.conf"), "utf8")).toBe(access);
  const { path } = await findNatsServer({ signal: AbortSignal.timeout(120_000) });
  // It says so on standard error, and ends with 1 if it doesn't.
  execFileSync(path, ["-t", "-c", join(DEPLOY, "server.conf")], { stdio: "pipe" });
}, 130_000);

test("new keys are made once, and what is printed is what the other half takes", async () => {
  const made = await baton(["nats-config", "--new-keys", at("seeds")]);
  expect(made).toMatchObject({ code: 0, stderr: "" });
  writeFileSync(at("keys.yaml"), made.stdout);
  for (const file of readdirSync(at("seeds")))
    expect(statSync(at(`seeds/${file}`)).mode & 0o777).toBe(0o600);
  expect((await baton(["nats-config", "--new-keys", at("seeds")])).stdout).toBe(made.stdout);
  const rendered = await baton(["nats-config", "--keys", at("keys.yaml")]);
  expect(rendered.stdout).toBe(renderAccess(await readKeys(at("keys.yaml"))));
}, 60_000);

const KEY = `U${"A".repeat(55)}`;
const complete = (value: string): string => KINDS.map((kind) => `${kind}: ${value}\n`).join("");

test.each([
  ["- a", "(top): "],
  ["coordinator: []", "coordinator: "],
  [`${complete(`[${KEY}]`)}lane-g: [${KEY}]\n`, "lane-g"],
  [complete(`[${KEY}]`), "listed twice"],
  [complete("[SUAAA]"), "a public user nkey"],
  ["a: [", "Flow sequence"],
])("a file of keys like %j is refused with what is wrong", async (text, rule) => {
  writeFileSync(at("wrong.yaml"), text);
  const refused = readKeys(at("wrong.yaml"));
  await expect(refused).rejects.toMatchObject({
    details: { exit: 3, rule: expect.stringContaining(rule) },
  });
});
