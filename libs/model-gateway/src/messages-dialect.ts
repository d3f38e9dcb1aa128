/** Anthropic Messages, as Claude Code speaks it. */
import { NO_USAGE } from "./budget.ts";
import type { Dialect, Objection, Pictures } from "./dialect.ts";
import { countAt, isObject, listOf, objectAt } from "./json.ts";

/** Types of tools that the agent runs itself, beside those without a type; all others the provider would run. */
const OWN_TOOLS = /^(?:custom$|bash_|text_editor_|memory_|computer_|tool_search_tool_)/;

const REFUSED: Readonly<Record<string, string>> = {
  mcp_servers: "the provider must connect to nothing for an agent",
  container: "a call must be complete in itself",
  inference_geo: "prices are those without a place",
};

/** Least that may be spent on thinking; it must be less than the most output. */
const LEAST_THINKING = 1024;
/** Blocks in blocks: a tool's result holds content, no deeper. */
const MOST_DEPTH = 4;

export const messages: Dialect = {
  name: "messages",
  path: "/v1/messages",
  freePaths: ["/v1/messages/count_tokens"],
  outputField: "max_tokens",
  object(body, pictures) {
    for (const [field, rule] of Object.entries(REFUSED)) {
      const value = body[field];
      const isEmpty = Array.isArray(value) && value.length === 0;
      if (value !== undefined && value !== null && !isEmpty) return { where: field, rule };
    }
    const speed = body["speed"];
    if (speed !== undefined && speed !== null && speed !== "standard")
      return { where: "speed", rule: "prices are those of the standard speed" };
    for (const [index, message] of listOf(body["messages"]).entries()) {
      const content = isObject(message) ? message["content"] : undefined;
      const objection = objectToBlocks(content, `messages[${index}].content`, pictures);
      if (objection) return objection;
    }
    return objectToBlocks(body["system"], "system", pictures);
  },
  removeHostedTools(body) {
    if (!Array.isArray(body["tools"])) return 0;
    const tools: readonly unknown[] = body["tools"];
    const kept = tools.filter((tool) => {
      const type = isObject(tool) ? (tool["type"] ?? "custom") : undefined;
      return typeof type === "string" && OWN_TOOLS.test(type);
    });
    body["tools"] = kept;
    return tools.length - kept.length;
  },
  cap(body, output) {
    body["max_tokens"] = output;
    const thinking = objectAt(body, "thinking");
    if (thinking && countAt(thinking, "budget_tokens") >= output)
      thinking["budget_tokens"] = Math.max(LEAST_THINKING, Math.floor(output / 2));
  },
  keyHeader: (key) => ({ "x-api-key": key }),
  usageIn(event, known) {
    const usage = objectAt(event, "usage") ?? objectAt(event["message"], "usage");
    if (!usage) return known;
    const before = known ?? NO_USAGE;
    // Counts are sums so far; an event may leave out those that didn't change.
    const latest = (key: string, old: number): number => Math.max(old, countAt(usage, key));
    return {
      input: latest("input_tokens", before.input),
      cachedInput: latest("cache_read_input_tokens", before.cachedInput),
      cacheWrite: latest("cache_creation_input_tokens", before.cacheWrite),
      output: latest("output_tokens", before.output),
    };
  },
  isLast: ({ type }) => type === "message_delta" || type === "message",
  // Measured: 402 ends Claude Code after one request; 401, 429 and 5xx are asked again for minutes.
  stop: (message) => ({
    status: 402,
    headers: { "x-should-retry": "false" },
    body: { type: "error", error: { type: "billing_error", message } },
  }),
  fault: (status, message) => ({
    status,
    headers: status < 500 ? { "x-should-retry": "false" } : {},
    body: {
      type: "error",
      error: { type: status < 500 ? "invalid_request_error" : "api_error", message },
    },
  }),
};

/** Content that names something elsewhere would be fetched by the provider: a way out of the sandbox. */
function objectToBlocks(
  content: unknown,
  where: string,
  pictures: Pictures,
  // oxlint-disable-next-line eslint/max-params -- the depth is its own.
  depth = 0,
): Objection | undefined {
  if (depth > MOST_DEPTH) return { where, rule: `content may be ${MOST_DEPTH} deep at most` };
  for (const [index, block] of listOf(content).entries()) {
    if (!isObject(block)) continue;
    const at = `${where}[${index}]`;
    const source = objectAt(block, "source");
    if (
      block["type"] === "container_upload" ||
      source?.["type"] === "file" ||
      source?.["type"] === "url"
    )
      return { where: at, rule: "content must be in the call itself" };
    if (block["type"] === "image" && typeof source?.["data"] === "string") {
      pictures.count += 1;
      pictures.bytes += source["data"].length;
    }
    // What a tool was asked (`input`) is data; what it gave may hold pictures and documents.
    const inner = source?.["type"] === "content" ? source["content"] : block["content"];
    const objection = objectToBlocks(inner, `${at}.content`, pictures, depth + 1);
    if (objection) return objection;
  }
  return undefined;
}
