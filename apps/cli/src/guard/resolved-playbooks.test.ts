import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ID_PATTERN } from "@baton/contracts";
import { parsePlaybook } from "@baton/playbook";
import { temporaryFolder } from "@baton/testkit";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";

import { baton } from "../testing/run-baton.ts";
import { ID } from "./guard-arguments.ts";
import { findResolved, keepResolved } from "./resolved-playbooks.ts";

const folder = temporaryFolder("resolved");
afterAll(() => folder.remove());

const root = join(import.meta.dirname, "../../../..");
const text = readFileSync(join(root, "playbooks/baton.yaml"), "utf8");
const result = parsePlaybook(parse(text));
if (!result.ok) throw new Error(result.faults.join());
const { playbook } = result;

test("a playbook that was resolved is found again whole, by every byte of its text", () => {
  const of = { text, isJson: false };
  const at = join(folder.path, "a/b");
  expect(findResolved(of, at)).toBeUndefined();
  keepResolved(of, playbook, at);
  expect(findResolved(of, at)).toEqual(playbook);
  expect(findResolved({ ...of, isJson: true }, at)).toBeUndefined();
  expect(findResolved({ ...of, text: `${text}\n` }, at)).toBeUndefined();
});

test("what can't be read is as if it weren't there, and is mended by the next one", () => {
  const of = { text, isJson: false };
  const at = join(folder.path, "torn");
  keepResolved(of, playbook, at);
  const [file = ""] = readdirSync(at);
  const whole = readFileSync(join(at, file), "utf8");
  const altered = whole.replace('"maxLoops":1', '"maxLoops":9');
  expect(altered).not.toBe(whole);
  for (const torn of ["", "{", whole.slice(0, -100), altered]) {
    writeFileSync(join(at, file), torn);
    expect(findResolved(of, at)).toBeUndefined();
  }
  keepResolved(of, playbook, at);
  expect(findResolved(of, at)).toEqual(playbook);
});

test("what somebody else could have written is as if it weren't there", () => {
  const of = { text, isJson: false };
  const at = join(folder.path, "open");
  keepResolved(of, playbook, at);
  const [file = ""] = readdirSync(at);
  chmodSync(join(at, file), 0o666);
  expect(findResolved(of, at)).toBeUndefined();
});

test("where nothing can be written nothing is kept, and nobody is troubled", () => {
  const at = join(folder.path, "file");
  writeFileSync(at, "");
  keepResolved({ text, isJson: false }, playbook, at);
  expect(findResolved({ text, isJson: false }, at)).toBeUndefined();
});

test("the folder doesn't grow without end", () => {
  const at = join(folder.path, "many");
  for (let count = 0; count < 70; count += 1)
    keepResolved({ text: String(count), isJson: false }, playbook, at);
  expect(readdirSync(at).length).toBeLessThanOrEqual(64);
  expect(findResolved({ text: "69", isJson: false }, at)).toEqual(playbook);
});

/** Writes the packages whose files were loaded to standard error. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  const seen = new Set();
  registerHooks({ load(url, context, next) { seen.add(url); return next(url, context); } });
  process.on("exit", () => process.stderr.write([...seen].join("\\n")));
`)}`;

test("a guard that has seen its playbook loads no schemas, no YAML parser and no NATS client", async () => {
  const state = join(folder.path, "state.json");
  const ids = { candidateId: "cand-a1b2c3", runId: "run-000001" };
  writeFileSync(state, JSON.stringify({ ...ids, activeStage: "backtest-robustness" }));
  const failure = [
    "--stage",
    "backtest-robustness",
    "--failure-class",
    "transient",
    "--attempt",
    "1",
  ];
  const evaluate = ["guard", "evaluate-failure", "--state", state, ...failure];
  const move = [
    "--candidate-id",
    ids.candidateId,
    "--run-id",
    ids.runId,
    "--to-stage",
    "gate-evaluation",
  ];
  const check = ["guard", "check-transition", "--state", state, ...move];
  await baton(evaluate);
  for (const [args, code] of [
    [evaluate, 0],
    [check, 5],
  ] as const) {
    const run = await baton(args, { nodeOptions: ["--import", WATCH] });
    expect(run.code).toBe(code);
    expect(run.stderr).toContain("/libs/playbook/src/rules.ts");
    expect(run.stderr).not.toMatch(
      /node_modules\/(zod|yaml|@nats-io|nats)\/|libs\/(contracts|mesh)\//,
    );
  }
}, 30_000);

test("ids are what the contracts say they are", () => {
  expect(ID.source).toBe(ID_PATTERN.source);
});
