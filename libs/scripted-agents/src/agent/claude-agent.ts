/** What `claude -p` prints. */
import { appendFileSync } from "node:fs";

import { add, type Agent, type EndKind, print, type Tokens, type ToolCall } from "./agent.ts";
import { claudeModel } from "./claude-model.ts";
import type { Session } from "./claude-session.ts";
import { type Flags, last } from "./flags.ts";
import { Ended } from "./steps.ts";

export const CLAUDE_VERSION = "2.1.332";

/** Its estimate, from list prices. */
const USD = { input: 3e-6, cached: 3e-7, output: 15e-6 };

export class ClaudeAgent implements Agent {
  readonly #flags: Flags;
  readonly #session: Session;
  readonly #model: ReturnType<typeof claudeModel>;
  readonly #state: State = { turns: 0, text: "", structured: undefined, denials: [] };

  constructor(given: { flags: Flags; session: Session; prompt: string }) {
    this.#flags = given.flags;
    this.#session = given.session;
    this.#model = claudeModel({ model: last(given.flags, "--model"), prompt: given.prompt });
  }

  begin(): void {
    print(initOf(this.#flags, this.#session.id));
  }

  say(text: string): void {
    this.#state.text = text;
    this.#message({ type: "text", text });
  }

  toolStarted({ id, name, input }: ToolCall): void {
    this.#message({ type: "tool_use", id, name: TOOL_NAMES[name] ?? name, input });
  }

  toolEnded(call: ToolCall, { output, code }: { output: string; code: number }): void {
    this.#model.told(call, output);
    const result = { tool_use_id: call.id, type: "tool_result", content: output };
    const content = [{ ...result, is_error: code !== 0 }];
    this.#tell({ type: "user", message: { role: "user", content }, parent_tool_use_id: null });
  }

  refusedTool(tool: string): void {
    const { denials } = this.#state;
    const denial = { tool_name: tool, tool_use_id: `toolu_${denials.length}` };
    denials.push(denial);
    this.#tell({ type: "system", subtype: "permission_denied", ...denial });
  }

  result(value: unknown): void {
    this.#state.structured = value;
  }

  askModel() {
    return this.#model.ask(({ attempt, most, status }) =>
      this.#tell({
        type: "system",
        subtype: "api_retry",
        attempt,
        max_retries: most,
        retry_delay_ms: 20,
        error_status: status,
        error: "unknown",
      }),
    );
  }

  /** Its own limits are looked at after each call: overrun by one. */
  spent(tokens: Tokens): void {
    this.#state.turns += 1;
    const { tokens: sum, file } = this.#session;
    add(sum, tokens);
    appendFileSync(file, `${JSON.stringify({ tokens: sum })}\n`);
    if (usdOf(sum) > this.#limit("--max-budget-usd")) throw new Ended("max-budget");
    if (this.#state.turns >= this.#limit("--max-turns")) throw new Ended("max-turns");
  }

  end(how: EndKind, message = "API Error: the model said no"): number {
    if (how === "silent") return 0;
    const { exit, fields } = ENDINGS[how];
    const isError = exit !== 0;
    const result = isError ? message : this.#state.text;
    this.#print({ ...fields, is_error: isError, result });
    return exit;
  }

  /** By a signal: told as a result, and no failure to the caller. */
  interrupted(): number {
    const why = { subtype: "error_during_execution", terminal_reason: "aborted_tools" };
    this.#print({ ...why, is_error: true });
    return 0;
  }

  #limit(flag: string): number {
    return Number(last(this.#flags, flag) ?? Number.POSITIVE_INFINITY);
  }

  #print(fields: Record<string, unknown>): void {
    print({ ...resultOf(this.#state, this.#session), ...fields });
  }

  #tell(event: Record<string, unknown>): void {
    print({ ...event, session_id: this.#session.id });
  }

  /** Its usage is that of the message's start: useless for counting. */
  #message(content: unknown): void {
    const usage = { input_tokens: 0, output_tokens: 1 };
    const about = { id: `msg_${this.#state.turns}`, type: "message", role: "assistant" };
    const message = { ...about, content: [content], usage };
    this.#tell({ type: "assistant", message, parent_tool_use_id: null });
  }
}

/** The tools of steps, by the names that they have here. */
const TOOL_NAMES: Readonly<Record<string, string>> = { write: "Write", run: "Bash" };

const ENDINGS: Readonly<
  Record<Exclude<EndKind, "silent">, { exit: number; fields: Record<string, unknown> }>
> = {
  success: { exit: 0, fields: { subtype: "success", terminal_reason: "completed" } },
  failed: { exit: 1, fields: { subtype: "error_during_execution", terminal_reason: "completed" } },
  "success-with-error": {
    exit: 1,
    fields: { subtype: "success", terminal_reason: "api_error", api_error_status: 402 },
  },
  "max-turns": { exit: 1, fields: { subtype: "error_max_turns", terminal_reason: "max_turns" } },
  "max-budget": {
    exit: 1,
    fields: { subtype: "error_max_budget_usd", terminal_reason: "budget_exhausted" },
  },
};

function initOf(flags: Flags, id: string): unknown {
  return {
    type: "system",
    subtype: "init",
    cwd: process.cwd(),
    session_id: id,
    tools: ["Bash", "Write"],
    mcp_servers: [],
    model: last(flags, "--model") ?? "claude-sonnet-4-5",
    permissionMode: last(flags, "--permission-mode") ?? "default",
    claude_code_version: CLAUDE_VERSION,
  };
}

interface State {
  turns: number;
  text: string;
  structured: unknown;
  readonly denials: unknown[];
}

function resultOf({ turns, structured, denials }: State, { id, tokens }: Session) {
  const usage = {
    input_tokens: tokens.input - tokens.cached,
    cache_creation_input_tokens: tokens.cacheWrite,
    cache_read_input_tokens: tokens.cached,
    output_tokens: tokens.output,
  };
  return {
    type: "result",
    num_turns: turns + 1,
    total_cost_usd: usdOf(tokens),
    usage,
    permission_denials: denials,
    session_id: id,
    ...(structured !== undefined && { structured_output: structured }),
  };
}

function usdOf({ input, cached, output }: Tokens): number {
  const usd = (input - cached) * USD.input + cached * USD.cached + output * USD.output;
  return Number(usd.toFixed(8));
}
