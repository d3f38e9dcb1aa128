/** Sessions of Claude Code as it keeps them in its configuration folder. */
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { NO_TOKENS, type Tokens } from "./agent.ts";
import { type Flags, last } from "./flags.ts";

export interface Session {
  readonly id: string;
  readonly file: string;
  readonly tokens: Tokens;
}

/** By configuration and working folder: elsewhere there is no such session. */
export function openSession(home: string, flags: Flags): Session | undefined {
  const folder = join(home, "projects", process.cwd().replaceAll(/[^A-Za-z0-9]/g, "-"));
  const resumed = last(flags, "--resume");
  const id = resumed ?? last(flags, "--session-id") ?? randomUUID();
  const file = join(folder, `${id}.jsonl`);
  if (resumed === undefined) {
    mkdirSync(folder, { recursive: true });
    appendFileSync(file, `${JSON.stringify({ type: "user", sessionId: id })}\n`);
    return { id, file, tokens: { ...NO_TOKENS } };
  }
  if (!existsSync(file)) return undefined;
  const [before] = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.includes('"tokens"'))
    .toReversed();
  return { id, file, tokens: before === undefined ? { ...NO_TOKENS } : JSON.parse(before).tokens };
}
