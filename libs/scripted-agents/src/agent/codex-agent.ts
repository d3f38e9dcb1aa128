/** What `codex exec` prints. */
import { appendFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

import { add, type Agent, type EndKind, print, type Tokens, type ToolCall } from "./agent.ts";
import { codexModel, type Provider } from "./codex-model.ts";
import type { Session } from "./codex-session.ts";
import { type Flags, last } from "./flags.ts";
import { textAt } from "./json.ts";

export class CodexAgent implements Agent {
  readonly #flags: Flags;
  readonly #session: Session;
  readonly #model: ReturnType<typeof codexModel>;
  readonly #items = new Map<string, string>();
  #message = "";
  #count = 0;

  constructor(given: { flags: Flags; session: Session; prompt: string }) {
    this.#flags = given.flags;
    this.#session = given.session;
    const model = last(given.flags, "--model");
    this.#model = codexModel({ provider: providerIn(given.flags), model, prompt: given.prompt });
  }

  begin(): void {
    this.#tell({ type: "thread.started", thread_id: this.#session.id });
    this.#tell({ type: "turn.started" });
  }

  say(text: string): void {
    this.#message = text;
    this.#completed({ id: this.#nextItem(), type: "agent_message", text });
  }

  toolStarted(call: ToolCall): void {
    const id = this.#nextItem();
    this.#items.set(call.id, id);
    if (call.name !== "write")
      this.#tell({ type: "item.started", item: itemOf(id, call.input, undefined) });
  }

  toolEnded(call: ToolCall, ended: Ended): void {
    this.#model.told(call, ended.output);
    this.#completed(itemOf(this.#items.get(call.id) ?? "", call.input, ended));
  }

  refusedTool(name: string): void {
    const ended = { output: "rejected", code: 1 };
    const item = itemOf(this.#nextItem(), { command: name }, ended);
    this.#completed({ ...item, status: "declined" });
  }

  result(value: unknown): void {
    this.say(JSON.stringify(value));
  }

  askModel() {
    return this.#model.ask((event) => this.#tell(event));
  }

  spent(tokens: Tokens): void {
    const { tokens: sum, file } = this.#session;
    add(sum, tokens);
    const payload = { type: "token_count", info: { total_token_usage: sum } };
    appendFileSync(file, `${JSON.stringify({ type: "event_msg", payload })}\n`);
  }

  end(how: EndKind, message = "the model said no"): number {
    const output = last(this.#flags, "--output");
    if (output !== undefined) writeFileSync(output, this.#message);
    if (!this.#flags.values.has("--json")) process.stdout.write(`${this.#message}\n`);
    if (how === "silent") return 0;
    if (how === "success") {
      this.#tell(turnCompleted(this.#session.tokens));
      return 0;
    }
    this.#tell({ type: "error", message });
    this.#tell({ type: "turn.failed", error: { message } });
    return 1;
  }

  #tell(event: unknown): void {
    if (this.#flags.values.has("--json")) print(event);
  }

  #completed(item: unknown): void {
    this.#tell({ type: "item.completed", item });
  }

  #nextItem(): string {
    this.#count += 1;
    return `item_${this.#count - 1}`;
  }
}

interface Ended {
  readonly output: string;
  readonly code: number;
}

function itemOf(id: string, input: Record<string, unknown>, ended: Ended | undefined) {
  if (typeof input["path"] === "string") {
    const changes = [{ path: resolve(input["path"]), kind: "add" }];
    return { id, type: "file_change", changes, status: "completed" };
  }
  return {
    id,
    type: "command_execution",
    command: `/bin/bash -lc '${textAt(input, "cmd") || textAt(input, "command")}'`,
    aggregated_output: ended?.output ?? "",
    exit_code: ended?.code ?? null,
    status: !ended ? "in_progress" : ended.code === 0 ? "completed" : "failed",
  };
}

/** Once, at the end, and for the whole thread. */
function turnCompleted({ input, cached, cacheWrite, output }: Tokens): unknown {
  const usage = {
    input_tokens: input,
    cached_input_tokens: cached,
    cache_write_input_tokens: cacheWrite,
    output_tokens: output,
    reasoning_output_tokens: 0,
  };
  return { type: "turn.completed", usage };
}

/** `-c model_providers.X={…}`, `-c model_provider=X`: as much TOML as that takes. */
function providerIn(flags: Flags): Provider | undefined {
  const settings = (flags.values.get("--config") ?? []).join("\n");
  const text = (key: string): string | undefined =>
    new RegExp(`\\b${key}\\s*=\\s*"([^"]*)"`).exec(settings)?.[1];
  const count = (key: string, otherwise: number): number =>
    Number(new RegExp(`\\b${key}\\s*=\\s*(\\d+)`).exec(settings)?.[1] ?? otherwise);
  const baseUrl = text("base_url");
  const key = process.env[text("env_key") ?? ""];
  if (baseUrl === undefined || key === undefined) return undefined;
  const requestRetries = count("request_max_retries", 4);
  return { baseUrl, key, requestRetries, streamRetries: count("stream_max_retries", 5) };
}
