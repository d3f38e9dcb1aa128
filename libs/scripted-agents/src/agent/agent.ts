/** What both command lines have in common, as the steps of a scenario use it. */
import { type ChildProcess, spawn } from "node:child_process";

export interface Tokens {
  input: number;
  cached: number;
  cacheWrite: number;
  output: number;
}

/** One answer of the model: what it says, and the tools it calls. */
export interface ModelTurn {
  readonly text: string;
  readonly tools: readonly ToolCall[];
  readonly tokens: Tokens;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: Record<string, unknown>;
}

/** The model said no, and asking again won't help, or did as often as it is worth. */
export class ModelError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** One of the two command lines. */
export interface Agent {
  begin(): void;
  say(text: string): void;
  toolStarted(call: ToolCall): void;
  toolEnded(call: ToolCall, ended: { output: string; code: number }): void;
  refusedTool(name: string): void;
  result(value: unknown): void;
  /** Asks once; the conversation so far is its own. Throws ModelError. */
  askModel(): Promise<ModelTurn>;
  /** After each answer of the model, and after tokens that were made up. */
  spent(tokens: Tokens): void;
  /** Its last event, and the exit code that goes with it. */
  end(how: EndKind, message: string | undefined): number;
}

export type EndKind =
  | "success"
  | "failed"
  | "success-with-error"
  | "max-turns"
  | "max-budget"
  | "silent";

export const NO_TOKENS: Tokens = { input: 0, cached: 0, cacheWrite: 0, output: 0 };

export function add(to: Tokens, more: Tokens): void {
  to.input += more.input;
  to.cached += more.cached;
  to.cacheWrite += more.cacheWrite;
  to.output += more.output;
}

export function print(event: unknown): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Tools that run now; each in a session of its own, so that no signal to the agent reaches them. */
const running = new Set<ChildProcess>();

export function runTool(command: string): Promise<{ output: string; code: number }> {
  const child = spawn("/bin/sh", ["-c", command], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  const take = (piece: Buffer): void => void (output = (output + String(piece)).slice(-65_536));
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ output: error.message, code: 127 }));
    child.once("close", (code) => {
      running.delete(child);
      resolve({ output, code: code ?? 137 });
    });
  });
}

export function endTools(): void {
  for (const { pid } of running) {
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // It is gone.
    }
  }
}
