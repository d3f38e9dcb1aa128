/** OpenAI Responses, as Codex speaks it. */
import type { Usage } from "./budget.ts";
import type { Dialect, Objection, Pictures } from "./dialect.ts";
import { countAt, isObject, type JsonObject, listOf, objectAt } from "./json.ts";

/** Run by the agent; all others (web_search, mcp, code_interpreter, …) are run by the provider, which isn't in the sandbox. */
const OWN_TOOLS: ReadonlySet<unknown> = new Set([
  "function",
  "custom",
  "local_shell",
  "apply_patch",
]);

const STORED = "a call must be complete in itself and be answered at once";

const REFUSED: Readonly<Record<string, string>> = {
  previous_response_id: STORED,
  conversation: STORED,
  prompt: STORED,
  background: STORED,
};

const SERVICE_TIERS: ReadonlySet<unknown> = new Set([undefined, null, "auto", "default", "flex"]);

export const responses: Dialect = {
  name: "responses",
  path: "/v1/responses",
  freePaths: [],
  outputField: "max_output_tokens",
  object(body, pictures) {
    for (const [field, rule] of Object.entries(REFUSED)) {
      const value = body[field];
      if (value !== undefined && value !== null && value !== false) return { where: field, rule };
    }
    if (!SERVICE_TIERS.has(body["service_tier"]))
      return { where: "service_tier", rule: "prices are those of the default tier" };
    return listOf(body["input"])
      .map((item, index) => objectToItem(item, `input[${index}]`, pictures))
      .find((objection) => objection !== undefined);
  },
  removeHostedTools(body) {
    if (!Array.isArray(body["tools"])) return 0;
    const { kept, removed } = ownTools(body["tools"]);
    body["tools"] = kept;
    return removed;
  },
  cap(body, output) {
    body["max_output_tokens"] = output;
  },
  keyHeader: (key) => ({ authorization: `Bearer ${key}` }),
  usageIn(event, known) {
    const usage = objectAt(event, "usage") ?? objectAt(event["response"], "usage");
    if (!usage) return known;
    return readUsage(usage);
  },
  isLast: ({ type }) =>
    type === "response.completed" ||
    type === "response.incomplete" ||
    type === "response.failed" ||
    type === undefined,
  // Measured: 429 with this code ends Codex after one request; 401, 402 and 403 are asked again.
  stop: (message) => ({
    status: 429,
    headers: { "x-should-retry": "false" },
    body: {
      error: { message, type: "insufficient_quota", param: null, code: "insufficient_quota" },
    },
  }),
  fault: (status, message) => ({
    status,
    headers: {},
    body: { error: { message, type: "invalid_request_error", param: null, code: "gateway" } },
  }),
};

function readUsage(usage: JsonObject): Usage {
  const details = objectAt(usage, "input_tokens_details");
  const all = countAt(usage, "input_tokens");
  const cachedInput = Math.min(all, countAt(details, "cached_tokens"));
  const cacheWrite = Math.min(all - cachedInput, countAt(details, "cache_write_tokens"));
  return {
    input: all - cachedInput - cacheWrite,
    cachedInput,
    cacheWrite,
    output: countAt(usage, "output_tokens"),
  };
}

function ownTools(tools: readonly unknown[]): { kept: unknown[]; removed: number } {
  let removed = 0;
  const kept = tools.flatMap((tool) => {
    if (isObject(tool) && tool["type"] === "namespace") {
      const inner = ownTools(listOf(tool["tools"]));
      removed += inner.removed;
      return [{ ...tool, tools: inner.kept }];
    }
    if (isObject(tool) && OWN_TOOLS.has(tool["type"])) return [tool];
    removed += 1;
    return [];
  });
  return { kept, removed };
}

/** Content that names something elsewhere would be fetched by the provider: a way out of the sandbox. */
function objectToItem(item: unknown, where: string, pictures: Pictures): Objection | undefined {
  if (!isObject(item)) return undefined;
  if (item["type"] === "item_reference") return { where, rule: STORED };
  for (const key of ["content", "output"])
    for (const [index, part] of listOf(item[key]).entries()) {
      const objection = objectToPart(part, `${where}.${key}[${index}]`, pictures);
      if (objection) return objection;
    }
  return undefined;
}

function objectToPart(part: unknown, where: string, pictures: Pictures): Objection | undefined {
  if (!isObject(part)) return undefined;
  for (const key of ["file_id", "file_url"])
    if (typeof part[key] === "string")
      return { where: `${where}.${key}`, rule: "content must be in the call itself" };
  const image = part["image_url"];
  const url = isObject(image) ? image["url"] : image;
  if (url === undefined || url === null) return undefined;
  if (typeof url !== "string" || !/^data:/i.test(url))
    return { where: `${where}.image_url`, rule: "a picture must be in the call itself (data:)" };
  pictures.count += 1;
  pictures.bytes += url.length;
  return undefined;
}
