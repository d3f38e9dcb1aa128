/** Starts a scripted agent and says all that came of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import type { Scenario, Step } from "../agent/scenario.ts";
import { type InstalledAgents, installAgents } from "../install-agents.ts";

export interface Place extends InstalledAgents {
  /** Its working folder, and its home. */
  readonly tree: string;
  readonly home: string;
}

export function place(...runs: (readonly Step[])[]): Place {
  const folder = mkdtempSync(join(tmpdir(), "baton-scripted-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const scenario: Scenario = { runs: runs.length === 0 ? [[]] : runs };
  const [tree, home] = ["tree", "home"].map((name) => mkdtempSync(join(folder, name)));
  return { ...installAgents(join(folder, "agents"), scenario), tree: tree ?? "", home: home ?? "" };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Each line of standard output that is JSON. */
  readonly events: readonly Record<string, unknown>[];
  readonly types: readonly unknown[];
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard output holds this. */
  wrote(this: void, text: string): Promise<void>;
}

export function start(
  { tree, home, ...programs }: Place,
  name: Name,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started {
  const child = spawn(programs[name], args, {
    cwd: tree,
    env: { PATH: process.env["PATH"], CODEX_HOME: home, CLAUDE_CONFIG_DIR: home, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  const looks: (() => void)[] = [];
  child.stdout.on("data", (piece: Buffer) => {
    stdout += String(piece);
    for (const look of looks) look();
  });
  child.stderr.on("data", (piece: Buffer) => (stderr += String(piece)));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const events = stdout.split("\n").flatMap(parsed);
      const types = events.map(({ type, subtype }) =>
        typeof subtype === "string" ? [type, subtype].join("/") : type,
      );
      resolve({ code, signal, stdout, stderr, events, types });
    });
  });
  const wrote = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => void (stdout.includes(text) && resolve());
      looks.push(look);
      look();
    });
  return { child, ended, wrote };
}

function parsed(line: string): Record<string, unknown>[] {
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === "object" && event !== null ? [{ ...event }] : [];
  } catch {
    return [];
  }
}

export const CODEX = ["exec", "--json", "--skip-git-repo-check"];
export const CLAUDE = ["-p", "--output-format", "stream-json", "--verbose"];

export type Name = "codex" | "claude";

/** From start to end, with the flags that any caller gives. */
export function run(where: Place, name: Name, more: string[] = [], env = {}): Promise<Ended> {
  const args = { codex: CODEX, claude: CLAUDE }[name];
  return start(where, name, [...args, ...more, "do it"], env).ended;
}

/** What tells each of a model, as the gateway would. */
export function modelAt(url: string): { codex: string[]; env: Record<string, string> } {
  const provider = `{name="x",base_url="${url}/v1",wire_api="responses",env_key="MODEL_KEY",request_max_retries=1,stream_max_retries=1}`;
  return {
    codex: ["-c", `model_providers.x=${provider}`, "-c", 'model_provider="x"'],
    env: { MODEL_KEY: "key", ANTHROPIC_API_KEY: "key", ANTHROPIC_BASE_URL: url },
  };
}
