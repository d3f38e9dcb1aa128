/** Codex's side of OpenAI Responses. */
import { ModelError, type ModelTurn, type Tokens, type ToolCall } from "./agent.ts";
import { ask } from "./ask.ts";
import { countAt, type JsonObject, listAt, objectAt, objectIn, textAt } from "./json.ts";

export interface Provider {
  readonly baseUrl: string;
  readonly key: string;
  readonly requestRetries: number;
  readonly streamRetries: number;
}

const TOOLS = [
  { type: "function", name: "exec_command", strict: false, parameters: { type: "object" } },
  // What the real one sends, too.
  { type: "web_search", external_web_access: true },
];

export function codexModel(given: {
  provider: Provider | undefined;
  model: string | undefined;
  prompt: string;
}) {
  const { provider, model = "gpt-5" } = given;
  const content = [{ type: "input_text", text: given.prompt }];
  const input: unknown[] = [{ type: "message", role: "user", content }];
  return {
    told({ id }: ToolCall, output: string): void {
      input.push({ type: "function_call_output", call_id: id, output });
    },
    async ask(tell: (event: unknown) => void): Promise<ModelTurn> {
      if (!provider) throw new ModelError(401, "no model provider with a key is configured");
      const events = await ask({
        url: `${provider.baseUrl}/responses`,
        headers: { authorization: `Bearer ${provider.key}`, accept: "text/event-stream" },
        body: { model, stream: true, store: false, tools: TOOLS, input },
        retries: (status, code) => retries(provider, status, code),
        onRetry: ({ attempt, most }) =>
          tell({ type: "error", message: `Reconnecting... ${attempt}/${most}` }),
      });
      const items = events
        .filter(({ type }) => type === "response.output_item.done")
        .map(({ item }) => objectIn(item));
      input.push(...items);
      const done = events.find(({ type }) => type === "response.completed");
      return { text: textOf(items), tools: toolsOf(items), tokens: tokensOf(done) };
    },
  };
}

/** Measured, by status and code; without a route it waits for ever. */
function retries(
  { requestRetries, streamRetries }: Provider,
  status: number,
  code: string,
): number {
  if (status === 0) return Number.POSITIVE_INFINITY;
  if (status === 400) return 0;
  if (status === 429 && ["insufficient_quota", "usage_limit_reached"].includes(code)) return 0;
  return status < 500 ? streamRetries : (streamRetries + 1) * (requestRetries + 1) - 1;
}

function textOf(items: readonly JsonObject[]): string {
  return items
    .filter(({ type }) => type === "message")
    .flatMap((item) => listAt(item, "content"))
    .map((part) => textAt(part, "text"))
    .join("");
}

function toolsOf(items: readonly JsonObject[]): ToolCall[] {
  return items
    .filter(({ type }) => type === "function_call")
    .map((item) => ({
      id: textAt(item, "call_id"),
      name: textAt(item, "name"),
      input: JSON.parse(textAt(item, "arguments")),
    }));
}

function tokensOf(done: JsonObject | undefined): Tokens {
  const usage = objectAt(objectAt(done, "response"), "usage");
  return {
    input: countAt(usage, "input_tokens"),
    cached: countAt(objectAt(usage, "input_tokens_details"), "cached_tokens"),
    cacheWrite: 0,
    output: countAt(usage, "output_tokens"),
  };
}
