/** `codex exec`, as version 0.171.0 was measured. */
import { existsSync, fstatSync } from "node:fs";
import { dirname, join } from "node:path";

import { endTools } from "./agent.ts";
import { CodexAgent } from "./codex-agent.ts";
import { openSession } from "./codex-session.ts";
import { type Flags, type Known, last, named, readFlags, UnknownFlag } from "./flags.ts";
import { stepsOfThisStart } from "./scenario.ts";
import { perform } from "./steps.ts";

const CODEX_VERSION = "0.171.0";

const PLACE = {
  "-s": "--sandbox",
  "-C": "--cd",
  ...named("--sandbox", "--cd", "--add-dir"),
};
const COMMON: Known = {
  withValue: {
    "-m": "--model",
    "-p": "--profile",
    "-c": "--config",
    "-i": "--image",
    "-o": "--output",
    "--output-last-message": "--output",
    ...named(
      "--model",
      "--profile",
      "--config",
      "--image",
      "--output-schema",
      "--color",
      "--enable",
      "--disable",
    ),
  },
  alone: named(
    "--json",
    "--skip-git-repo-check",
    "--ephemeral",
    "--ignore-user-config",
    "--ignore-rules",
    "--strict-config",
    "--trust",
    "--dangerously-bypass-approvals-and-sandbox",
  ),
};

export async function codex(args: readonly string[]): Promise<number> {
  if (args[0] === "--version" || args[0] === "-V") return said(`codex-cli ${CODEX_VERSION}\n`);
  if (args[0] !== "exec") return wrong(`unrecognized subcommand '${args[0] ?? ""}'`, 2);
  const isResumed = args[1] === "resume";
  let flags: Flags;
  try {
    // A resumed session knows no place of its own.
    const withValue = isResumed ? COMMON.withValue : { ...COMMON.withValue, ...PLACE };
    flags = readFlags(args.slice(isResumed ? 2 : 1), { ...COMMON, withValue });
  } catch (error) {
    if (error instanceof UnknownFlag)
      return wrong(`unexpected argument '${error.message}' found`, 2);
    throw error;
  }
  const home = process.env["CODEX_HOME"] ?? join(process.env["HOME"] ?? ".", ".codex");
  process.chdir(last(flags, "--cd") ?? ".");
  if (!flags.values.has("--skip-git-repo-check") && !inRepository())
    return wrong("Not inside a trusted directory and --skip-git-repo-check was not specified.", 1);
  const [first = "", second = ""] = flags.rest;
  const prompt = await readPrompt(isResumed ? second : first);
  const session = openSession(home, isResumed ? first : undefined);
  if (!session)
    return wrong(`Error: thread/resume failed: no rollout found for thread id ${first}`, 1);
  const agent = new CodexAgent({ flags, session, prompt });
  // Measured: its running tool ends with an interrupt and goes on after SIGTERM; there is no last event either way.
  process.on("SIGINT", () => {
    endTools();
    process.exit(1);
  });
  process.on("SIGTERM", () => process.exit(143));
  agent.begin();
  return perform(agent, stepsOfThisStart(dirname(import.meta.dirname), home));
}

/** A piped standard input is read to its end, also beside a prompt. */
async function readPrompt(given: string): Promise<string> {
  const stdin = fstatSync(0, { throwIfNoEntry: false });
  if (given !== "-" && !stdin?.isFIFO() && !stdin?.isSocket() && !stdin?.isFile()) return given;
  if (given !== "-") process.stderr.write("Reading additional input from stdin...\n");
  let text = "";
  for await (const piece of process.stdin) text += String(piece);
  return given === "-" ? text : `${given}\n${text}`;
}

function inRepository(): boolean {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return true;
    if (folder === dirname(folder)) return false;
  }
}

function said(text: string): number {
  process.stdout.write(text);
  return 0;
}

function wrong(text: string, code: number): number {
  process.stderr.write(`error: ${text}\n`);
  return code;
}
