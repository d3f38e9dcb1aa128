import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { eventually, temporaryFolder } from "@baton/testkit";
import { createUser } from "@nats-io/nkeys";
import { expect, onTestFinished, test } from "vitest";

import { followRegistry } from "./follow-registry.ts";

const lineOf = (name: string) =>
  JSON.stringify([{ name, publicKey: createUser().getPublicKey(), roles: [] }]);

/** A service that keeps what it is told. */
function service() {
  const folder = temporaryFolder("registry");
  const file = join(folder.path, "people.yaml");
  const logged: string[] = [];
  const steps: (() => Promise<void>)[] = [];
  const checks = new Map<string, () => { ok: boolean; reason?: string }>();
  onTestFinished(async () => {
    for (const step of steps) await step();
    folder.remove();
  });
  const tell = (_: object, text: string) => void logged.push(text);
  return {
    file,
    logged,
    steps,
    ready: () => checks.get("people")?.(),
    of: {
      log: { info: tell, error: tell },
      onShutdown: (_: string, step: () => Promise<void>) => void steps.push(step),
      registerCheck: (name: string, check: () => { ok: boolean; reason?: string }) =>
        void checks.set(name, check),
      refuse: ({ code }: { code: string }) => new RangeError(code),
    },
  };
}

test("a registry that can't be used any more leaves the last one in force, told in log and readiness", async () => {
  const { file, of, logged, ready, steps } = service();
  writeFileSync(file, lineOf("ada"));
  const people = await followRegistry(file, of);
  expect([...people().values()].map(({ name }) => name)).toEqual(["ada"]);
  expect([logged, ready(), steps.length]).toEqual([["key registry loaded"], { ok: true }, 1]);
  rmSync(file);
  await eventually(async () => ready()?.ok === false, { what: "the loss is seen" });
  expect(ready()?.reason).toContain(file);
  expect([...people().values()].map(({ name }) => name)).toEqual(["ada"]);
  writeFileSync(file, lineOf("ben"));
  await eventually(async () => ready()?.ok === true, { what: "the new one is seen" });
  expect([...people().values()].map(({ name }) => name)).toEqual(["ben"]);
  expect(logged.map((text) => text.split(";")[0])).toEqual([
    "key registry loaded",
    "key registry can't be used",
    "key registry loaded",
  ]);
});

test("a service doesn't start on one that can't be used, and ends in its own way", async () => {
  const { file, of, ready } = service();
  await expect(followRegistry(file, of)).rejects.toEqual(new RangeError("E_PEOPLE"));
  expect(ready()).toBeUndefined();
});
