import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { baton } from "./testing/run-baton.ts";
import { unknownVariables, VARIABLES } from "./unknown-variables.ts";

test("what is nearly one of ours is named with what was meant", () => {
  expect(
    unknownVariables({
      BATON_NATS_SEED_FIEL: "x",
      BATON_PLAYBOK: "x",
      BATON_NATS_URL: "x",
      BATON_MARK_FILE: "a service's own",
      PATH: "/bin",
    }),
  ).toEqual([
    `"BATON_NATS_SEED_FIEL" isn't known here and does nothing; did you mean BATON_NATS_SEED_FILE?`,
    `"BATON_PLAYBOK" isn't known here and does nothing; did you mean BATON_PLAYBOOK?`,
  ]);
});

test("a command says so beside its result", async () => {
  const { code, stdout, stderr } = await baton(["reasons", "--json"], {
    env: { BATON_KEYFILE: "x" },
  });
  expect([code, stderr]).toEqual([
    0,
    `"BATON_KEYFILE" isn't known here and does nothing; did you mean BATON_KEY_FILE?\n`,
  ]);
  expect(JSON.parse(stdout)).toBeInstanceOf(Array);
});

test("every variable that the command line reads is known", () => {
  const root = join(import.meta.dirname, "../../..");
  const read = globSync("{apps/cli,libs/client,libs/local-mesh}/src/**/*.ts", { cwd: root })
    .filter((file) => !/test|testing/.test(file))
    .map((file) => readFileSync(join(root, file), "utf8"))
    .flatMap((text) => [...text.matchAll(/env\[?\.?"?(BATON_[A-Z_]+)"?\]?/g)])
    .map(([, name = ""]) => name);
  expect(read.length).toBeGreaterThan(3);
  expect(read.filter((name) => !VARIABLES.includes(name))).toEqual([]);
});
