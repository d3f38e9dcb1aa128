/** A command line, a gateway and a scripted model behind it, in folders of their own. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { type Answer, startScriptedModel } from "@baton/scripted-agents";
import { onTestFinished } from "vitest";

import type { Budget } from "../budget.ts";
import type { CallFact } from "../call-fact.ts";
import { claudeSettings, codexSettings, type Reached } from "../command-lines.ts";
import { openGateway } from "../gateway.ts";
import { KEY, keyFileWith, temporary } from "./world.ts";

const PRICE = { input: 1, cachedInput: 0, output: 2 };

export async function withModel(answers: readonly Answer[], budgets: readonly Budget[] = []) {
  const model = await startScriptedModel({ key: KEY, scripts: [{ answers }] });
  onTestFinished(() => model.close());
  const keyFile = keyFileWith(KEY);
  const upstream = { url: model.url, keyFile };
  const gateway = openGateway({
    upstreams: { responses: upstream, messages: upstream },
    otherModels: PRICE,
    allowHttpOnLoopback: true,
  });
  onTestFinished(() => gateway.close());
  const facts: CallFact[] = [];
  const attempt = await gateway.open({
    budgets,
    record: (fact) => void facts.push(fact),
    loopback: true,
  });
  const folder = temporary();
  const [tree, home] = [join(folder, "tree"), join(folder, "home")];
  for (const path of [tree, home]) mkdirSync(path);
  return {
    model,
    attempt,
    facts,
    tree,
    home,
    reached: { url: attempt.url ?? "", token: attempt.token },
  };
}

/** What the executor adds to the gateway's settings, inside a sandbox of Baton's. */
export const COMMAND_LINES = {
  codex: ({ reached, home }: { reached: Reached; home: string }) => {
    const { args, env } = codexSettings(reached);
    const own = [
      "exec",
      "--json",
      "--skip-git-repo-check",
      "-s",
      "danger-full-access",
      "-m",
      "gpt-5",
    ];
    return { args: [...own, ...args], env: { ...env, CODEX_HOME: home, HOME: home } };
  },
  claude: ({ reached, home }: { reached: Reached; home: string }) => {
    const { args, env } = claudeSettings(reached);
    const own = [
      "-p",
      "--output-format",
      "stream-json",
      "--verbose",
      "--model",
      "claude-sonnet-4-5",
    ];
    const permission = ["--permission-mode", "bypassPermissions"];
    const places = { CLAUDE_CONFIG_DIR: home, HOME: home, IS_SANDBOX: "1" };
    return { args: [...own, ...permission, ...args], env: { ...env, ...places } };
  },
};

export type Name = keyof typeof COMMAND_LINES;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of standard output that is an event. */
  readonly last: Record<string, unknown> | undefined;
}

export function runAgent(
  program: string,
  { args, env }: { args: readonly string[]; env: Readonly<Record<string, string>> },
  tree: string,
): Promise<Ended> {
  const child = spawn(program, [...args, "Write the file."], {
    cwd: tree,
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (piece: Buffer) => (stdout += String(piece)));
  child.stderr.on("data", (piece: Buffer) => (stderr += String(piece)));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr, last: lastEvent(stdout) }));
  });
}

/** Of what Claude Code writes after its result nothing is known. */
export function lastEvent(stdout: string): Record<string, unknown> | undefined {
  const events = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): Record<string, unknown> => JSON.parse(line));
  const isLast = ({ type }: Record<string, unknown>): boolean =>
    ["turn.completed", "turn.failed", "result"].includes(String(type));
  return events.findLast(isLast);
}
