/** `claude -p`, as Claude Code 2.1.332 was measured. */
import { dirname, join } from "node:path";

import { endTools } from "./agent.ts";
import { CLAUDE_VERSION, ClaudeAgent } from "./claude-agent.ts";
import { openSession } from "./claude-session.ts";
import { type Flags, type Known, last, named, readFlags, UnknownFlag } from "./flags.ts";
import { stepsOfThisStart } from "./scenario.ts";
import { perform } from "./steps.ts";

const KNOWN: Known = {
  withValue: {
    "-r": "--resume",
    "--allowed-tools": "--allowedTools",
    "--disallowed-tools": "--disallowedTools",
    ...named("--output-format", "--input-format", "--max-budget-usd", "--max-turns", "--model"),
    ...named("--permission-mode", "--permission-prompts", "--tools", "--allowedTools"),
    ...named("--disallowedTools", "--json-schema", "--session-id", "--resume", "--settings"),
    ...named("--setting-sources", "--add-dir", "--fallback-model", "--mcp-config"),
    ...named("--system-prompt", "--append-system-prompt"),
  },
  alone: {
    "-p": "--print",
    ...named("--print", "--verbose", "--fork-session", "--no-session-persistence", "--bare"),
    ...named("--restricted", "--strict-mcp-config", "--include-partial-messages"),
    ...named("--dangerously-skip-permissions"),
  },
};

export async function claude(args: readonly string[]): Promise<number> {
  if (args[0] === "--version" || args[0] === "-v") {
    process.stdout.write(`${CLAUDE_VERSION} (Claude Code)\n`);
    return 0;
  }
  let flags: Flags;
  try {
    flags = readFlags(args, KNOWN);
  } catch (error) {
    if (error instanceof UnknownFlag) return wrong(`error: unknown option '${error.message}'`);
    throw error;
  }
  const problem = problemOf(flags);
  if (problem !== undefined) return wrong(problem);
  const home = process.env["CLAUDE_CONFIG_DIR"] ?? join(process.env["HOME"] ?? ".", ".claude");
  const session = openSession(home, flags);
  if (!session) return wrong(`No conversation found with session ID: ${last(flags, "--resume")}`);
  const agent = new ClaudeAgent({ flags, session, prompt: flags.rest[0] ?? "" });
  // Measured: an interrupt ends its tools, is told as a result, and exits 0; SIGTERM ends its tools and tells nothing.
  process.on("SIGINT", () => {
    endTools();
    process.stdout.write("", () => process.exit(agent.interrupted()));
  });
  process.on("SIGTERM", () => {
    endTools();
    process.exit(143);
  });
  agent.begin();
  return perform(agent, stepsOfThisStart(dirname(import.meta.dirname), home));
}

function problemOf(flags: Flags): string | undefined {
  const mode = last(flags, "--permission-mode");
  const bypasses =
    mode === "bypassPermissions" || flags.values.has("--dangerously-skip-permissions");
  if (!flags.values.has("--print")) return "Error: a terminal is needed without --print";
  if (last(flags, "--output-format") === "stream-json" && !flags.values.has("--verbose"))
    return "Error: When using --print, --output-format=stream-json requires --verbose";
  if (bypasses && process.getuid?.() === 0 && process.env["IS_SANDBOX"] !== "1")
    return "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons";
  return undefined;
}

function wrong(text: string): number {
  process.stderr.write(`${text}\n`);
  return 1;
}
