/** Claude Code's side of Anthropic Messages. */
import { ModelError, type ModelTurn, type Tokens, type ToolCall } from "./agent.ts";
import { ask } from "./ask.ts";
import { countAt, type JsonObject, objectAt, objectIn, textAt } from "./json.ts";

const TOOLS = ["Write", "Bash"].map((name) => ({ name, input_schema: { type: "object" } }));
const RETRIES = 10;

export function claudeModel(given: { model: string | undefined; prompt: string }) {
  const { model = "claude-sonnet-4-5" } = given;
  const messages: unknown[] = [{ role: "user", content: given.prompt }];
  return {
    told({ id }: ToolCall, output: string): void {
      const content = [{ type: "tool_result", tool_use_id: id, content: output }];
      messages.push({ role: "user", content });
    },
    async ask(
      onRetry: (told: { attempt: number; most: number; status: number }) => void,
    ): Promise<ModelTurn> {
      const base = process.env["ANTHROPIC_BASE_URL"];
      const key = process.env["ANTHROPIC_API_KEY"];
      if (base === undefined || key === undefined)
        throw new ModelError(401, "Not logged in · Please run /login");
      const events = await ask({
        url: `${base}/v1/messages?beta=true`,
        headers: { "x-api-key": key, "anthropic-version": "2023-06-01" },
        body: { model, max_tokens: 32_000, stream: true, tools: TOOLS, messages },
        retries,
        onRetry,
      });
      const blocks = blocksIn(events);
      messages.push({ role: "assistant", content: blocks });
      return { text: textOf(blocks), tools: toolsOf(blocks), tokens: tokensIn(events) };
    },
  };
}

/** Measured: 400, 402 and 403 end it at once. */
function retries(status: number): number {
  const most = Number(process.env["CLAUDE_CODE_MAX_RETRIES"] ?? RETRIES);
  return [400, 402, 403, 404].includes(status) ? 0 : most;
}

function blocksIn(events: readonly JsonObject[]): JsonObject[] {
  return events
    .filter(({ type }) => type === "content_block_start")
    .map(({ index, content_block: block }) => {
      const deltas = events
        .filter((event) => event["type"] === "content_block_delta" && event["index"] === index)
        .map(({ delta }) => delta);
      const all = (key: string): string => deltas.map((delta) => textAt(delta, key)).join("");
      const start = objectIn(block);
      if (start["type"] !== "tool_use") return { ...start, text: all("text") };
      return { ...start, input: JSON.parse(all("partial_json") || "{}") };
    });
}

function textOf(blocks: readonly JsonObject[]): string {
  return blocks.map((block) => textAt(block, "text")).join("");
}

function toolsOf(blocks: readonly JsonObject[]): ToolCall[] {
  return blocks
    .filter(({ type }) => type === "tool_use")
    .map((block) => ({
      id: textAt(block, "id"),
      name: textAt(block, "name"),
      input: objectAt(block, "input"),
    }));
}

function tokensIn(events: readonly JsonObject[]): Tokens {
  const usages = events.map((event) => ({
    ...objectAt(objectAt(event, "message"), "usage"),
    ...objectAt(event, "usage"),
  }));
  const most = (key: string): number => Math.max(0, ...usages.map((usage) => countAt(usage, key)));
  const cached = most("cache_read_input_tokens");
  return {
    input: most("input_tokens") + cached,
    cached,
    cacheWrite: most("cache_creation_input_tokens"),
    output: most("output_tokens"),
  };
}
