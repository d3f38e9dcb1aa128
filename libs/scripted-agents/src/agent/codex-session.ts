/** Threads of Codex as it keeps them in its home. */
import { randomUUID } from "node:crypto";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { NO_TOKENS, type Tokens } from "./agent.ts";

export interface Session {
  readonly id: string;
  readonly file: string;
  /** Of all turns of the thread. */
  readonly tokens: Tokens;
}

export function openSession(home: string, resumed: string | undefined): Session | undefined {
  if (resumed === undefined) {
    const id = randomUUID();
    const at = new Date().toISOString();
    const folder = join(home, "sessions", ...at.slice(0, 10).split("-"));
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `rollout-${at.slice(0, 19).replaceAll(":", "-")}-${id}.jsonl`);
    writeFileSync(file, `${JSON.stringify({ type: "session_meta", payload: { id } })}\n`);
    return { id, file, tokens: { ...NO_TOKENS } };
  }
  const [file] = globSync(join(home, "sessions/*/*/*", `rollout-*-${resumed}.jsonl`));
  if (file === undefined) return undefined;
  return { id: resumed, file, tokens: tokensOf(readFileSync(file, "utf8")) };
}

/** From its last whole line with a count. */
function tokensOf(text: string): Tokens {
  const [found] = text
    .split("\n")
    .filter((line) => line.includes('"token_count"'))
    .toReversed();
  return found === undefined ? { ...NO_TOKENS } : JSON.parse(found).payload.info.total_token_usage;
}
