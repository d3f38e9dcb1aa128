/** Command lines through the gateway: the scripted ones, the real Codex, and the real Claude Code where it is on PATH. */
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { openSandbox } from "@baton/sandbox";
import { findCodex, installAgents } from "@baton/scripted-agents";
import { expect, test } from "vitest";

import { FORWARDER } from "./index.ts";
import { COMMAND_LINES, lastEvent, type Name, runAgent, withModel } from "./testing/agents.ts";
import { budget, temporary } from "./testing/world.ts";

const codex = await findCodex();
if (!codex.found) process.stderr.write(`tests that take a real Codex are skipped: ${codex.why}\n`);

/** The real ones that there are. */
const REAL: Readonly<Record<Name, string | undefined>> = {
  codex: codex.found ? codex.path : undefined,
  claude: (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "claude"))
    .find((file) => existsSync(file)),
};

const AGENTS = (["codex", "claude"] as const).flatMap((name) => {
  const program = REAL[name];
  const scripted = { agent: `scripted ${name}`, name, program: undefined };
  return program === undefined ? [scripted] : [scripted, { agent: `real ${name}`, name, program }];
});

/** The real program, or a scripted one that does what its model says. */
function programFor({ name, program }: (typeof AGENTS)[number]): string {
  if (program !== undefined) return program;
  return installAgents(join(temporary(), "agents"), { runs: [[{ do: "model" }]] })[name];
}

const USAGE = { input: 1000, cached: 100, output: 50 };

test.each(AGENTS)("$agent writes a file by a tool call, and every call is counted", async (of) => {
  const path = join(temporary(), "from-the-model.txt");
  const here = await withModel([
    { write: { path, content: "it's here\n" }, usage: USAGE },
    { text: "Done.", usage: USAGE },
  ]);
  const end = await runAgent(programFor(of), COMMAND_LINES[of.name](here), here.tree);
  expect(end).toMatchObject({ code: 0 });
  expect(readFileSync(path, "utf8")).toBe("it's here\n");
  await here.attempt.close();
  const ended = here.facts.filter(({ kind }) => kind === "ended");
  expect(ended.length).toBe(here.model.calls.length);
  expect(ended.length).toBeGreaterThanOrEqual(2);
  const usage = { input: 900, cachedInput: 100, cacheWrite: 0, output: 50 };
  for (const fact of ended) expect(fact).toMatchObject({ counted: "told", usage, micros: 1000 });
  // Neither the key nor the token is anywhere in what was asked.
  expect(JSON.stringify(here.model.calls)).not.toContain(here.attempt.token);
});

test.each(AGENTS)("$agent ends after one request when its budget is spent", async (of) => {
  const here = await withModel(
    [{ command: "true", usage: { input: 99_000, output: 2000 } }],
    [budget({ tokens: 100_000 }, { scope: "candidate" })],
  );
  const end = await runAgent(programFor(of), COMMAND_LINES[of.name](here), here.tree);
  expect(end.code).toBe(1);
  expect(end.last?.["type"]).toBe(of.name === "codex" ? "turn.failed" : "result");
  await here.attempt.close();
  const kinds = here.facts.map(({ kind }) => kind);
  expect(kinds).toEqual(["begun", "ended", "refused"]);
  expect(here.attempt.cutBy()).toMatchObject({
    scope: "candidate",
    measure: "tokens",
    spent: 101_000,
  });
});

const sandbox = await openSandbox({ setting: "required" });
const trouble = sandbox.trouble();
if (trouble) process.stderr.write(`tests that take a sandbox are skipped: ${trouble.message}\n`);

test.skipIf(trouble).each(AGENTS)("$agent works in a sandbox without network", async (of) => {
  const here = await withModel([
    { write: { path: "/tree/made.txt", content: "inside\n" } },
    { text: "Done." },
  ]);
  for (const folder of [here.tree, here.home]) chmodSync(folder, 0o777);
  chmodSync(dirname(here.tree), 0o755);
  const program = programFor(of);
  const { socket, token } = here.attempt;
  const reached = { url: "http://127.0.0.1:8080", token };
  const { args, env } = COMMAND_LINES[of.name]({ reached, home: here.home });
  const inTree = ["/bin/sh", "-c", 'cd /tree && exec "$@"', "sh", program];
  const { ending, stdout } = await sandbox.run(
    {
      command: [process.execPath, FORWARDER, socket, "8080", ...inTree, ...args, "Write."],
      environment: env,
      tree: here.tree,
      home: here.home,
      reads: [FORWARDER, dirname(program)],
      network: { model: socket },
      limits: { memoryBytes: 4 * 2 ** 30 },
    },
    { signal: AbortSignal.timeout(60_000) },
  );
  expect(ending).toEqual({ kind: "exited", code: 0 });
  expect(lastEvent(stdout)).toBeDefined();
  expect(readFileSync(join(here.tree, "made.txt"), "utf8")).toBe("inside\n");
});
