import { expect, test } from "vitest";

import type { JsonObject } from "./json.ts";
import { messages } from "./messages-dialect.ts";
import { readCall } from "./read-call.ts";
import { responses } from "./responses-dialect.ts";

const removed = { hostedTools: "removed" } as const;
const DIALECTS = { responses, messages };

function read(
  name: keyof typeof DIALECTS,
  body: unknown,
  how: Parameters<typeof readCall>[2] = removed,
) {
  return readCall(DIALECTS[name], typeof body === "string" ? body : JSON.stringify(body), how);
}

const inResponses = (part: JsonObject): JsonObject => ({
  model: "m",
  input: [{ type: "message", role: "user", content: [part] }],
});
const inMessages = (block: JsonObject): JsonObject => ({
  model: "m",
  messages: [{ role: "user", content: [block] }],
});

test.each<[string, keyof typeof DIALECTS, unknown, string]>([
  ["no JSON", "responses", "{", "the body"],
  ["a list", "messages", "[]", "the body"],
  ["no model", "messages", {}, "model"],
  ["a model with a line break", "messages", { model: "a\nb" }, "model"],
  ["a model that isn't text", "responses", { model: { toString: "x" } }, "model"],
  ["no output", "messages", { model: "m", max_tokens: 0 }, "max_tokens"],
  ["half a token", "responses", { model: "m", max_output_tokens: 1.5 }, "max_output_tokens"],
  [
    "a call stored elsewhere",
    "responses",
    { model: "m", previous_response_id: "r" },
    "previous_response_id",
  ],
  ["a conversation", "responses", { model: "m", conversation: "c" }, "conversation"],
  ["a prompt of the provider's", "responses", { model: "m", prompt: { id: "p" } }, "prompt"],
  ["work in the background", "responses", { model: "m", background: true }, "background"],
  ["a dearer tier", "responses", { model: "m", service_tier: "priority" }, "service_tier"],
  [
    "a stored item",
    "responses",
    { model: "m", input: [{ type: "item_reference", id: "i" }] },
    "input[0]",
  ],
  [
    "a picture elsewhere",
    "responses",
    inResponses({ type: "input_image", image_url: "https://x/?secret" }),
    "input[0].content[0].image_url",
  ],
  [
    "a file elsewhere",
    "responses",
    inResponses({ type: "input_file", file_url: "https://x" }),
    "input[0].content[0].file_url",
  ],
  [
    "a file of the provider's",
    "responses",
    inResponses({ type: "input_file", file_id: "f" }),
    "input[0].content[0].file_id",
  ],
  [
    "a picture elsewhere, as a tool's output",
    "responses",
    {
      model: "m",
      input: [
        { type: "function_call_output", output: [{ type: "input_image", image_url: "http://x" }] },
      ],
    },
    "input[0].output[0].image_url",
  ],
  [
    "servers to connect to",
    "messages",
    { model: "m", mcp_servers: [{ url: "https://x" }] },
    "mcp_servers",
  ],
  ["a container", "messages", { model: "m", container: "c" }, "container"],
  ["a dearer speed", "messages", { model: "m", speed: "fast" }, "speed"],
  [
    "a picture elsewhere",
    "messages",
    inMessages({ type: "image", source: { type: "url", url: "https://x" } }),
    "messages[0].content[0]",
  ],
  [
    "a file of the provider's",
    "messages",
    inMessages({ type: "document", source: { type: "file", file_id: "f" } }),
    "messages[0].content[0]",
  ],
  [
    "a picture elsewhere, in a tool's result",
    "messages",
    inMessages({
      type: "tool_result",
      content: [{ type: "image", source: { type: "url", url: "https://x" } }],
    }),
    "messages[0].content[0].content[0]",
  ],
])("%s is refused (%s)", (_what, dialect, body, where) => {
  expect(read(dialect, body)).toMatchObject({ ok: false, where });
});

test("what a tool is asked is data, whatever it looks like", () => {
  const input = { source: { type: "url" }, image_url: "https://x", content: [{ type: "image" }] };
  expect(read("messages", inMessages({ type: "tool_use", id: "1", name: "t", input })).ok).toBe(
    true,
  );
  const item = { type: "function_call", name: "t", arguments: '{"image_url":"https://x"}' };
  expect(read("responses", { model: "m", input: [item] }).ok).toBe(true);
});

test("what is sent is what was looked at: of a key given twice, one", () => {
  const found = read("messages", '{"model":"dear","model":"cheap","max_tokens":1,"max_tokens":2}');
  expect(found.ok && [found.call.model, found.call.output, found.call.write()]).toEqual([
    "cheap",
    2,
    '{"model":"cheap","max_tokens":2}',
  ]);
});

test.each<[keyof typeof DIALECTS, unknown[], unknown[]]>([
  [
    "responses",
    [
      { type: "function", name: "exec" },
      { type: "custom", name: "apply_patch" },
      { type: "namespace", tools: [{ type: "function", name: "f" }, { type: "mcp" }] },
      { type: "web_search", external_web_access: true },
      { type: "shell" },
      { type: "newer" },
      "text",
    ],
    [
      { type: "function", name: "exec" },
      { type: "custom", name: "apply_patch" },
      { type: "namespace", tools: [{ type: "function", name: "f" }] },
    ],
  ],
  [
    "messages",
    [
      { name: "Write", input_schema: {} },
      { type: "custom", name: "x" },
      { type: "bash_20250124", name: "bash" },
      { type: "web_fetch_20250910", name: "web_fetch" },
      { type: "code_execution_20250825" },
      { type: "mcp_toolset" },
    ],
    [
      { name: "Write", input_schema: {} },
      { type: "custom", name: "x" },
      { type: "bash_20250124", name: "bash" },
    ],
  ],
])("tools that the provider would run are taken out (%s)", (dialect, tools, kept) => {
  const found = read(dialect, { model: "m", tools });
  expect(found.ok && JSON.parse(found.call.write())).toEqual({ model: "m", tools: kept });
  const all = read(dialect, { model: "m", tools }, { hostedTools: "allowed" });
  expect(all.ok && [all.call.toolsRemoved, JSON.parse(all.call.write()).tools]).toEqual([0, tools]);
});

test("a cap sets the most output, and makes room for more than thinking", () => {
  const body = {
    model: "m",
    max_tokens: 32_000,
    thinking: { type: "enabled", budget_tokens: 31_999 },
  };
  const found = read("messages", body);
  expect(found.ok && JSON.parse(found.call.write(4000))).toMatchObject({
    max_tokens: 4000,
    thinking: { budget_tokens: 2000 },
  });
  const other = read("responses", { model: "m", input: "x" });
  expect(other.ok && JSON.parse(other.call.write(4000)).max_output_tokens).toBe(4000);
});

test("pictures count as such, not by their bytes", () => {
  const data = "A".repeat(4_000_000);
  const found = read("messages", inMessages({ type: "image", source: { type: "base64", data } }));
  expect(found.ok && found.call.input.likely).toBeLessThan(2200);
  expect(found.ok && found.call.input.atMost).toBeLessThan(12_000);
});

test.each([
  ["as deep as it gets", "[".repeat(200_000) + "]".repeat(200_000)],
  ["as many values as there is room for", `[${"[],".repeat(500_000)}0]`],
])("JSON %s isn't read", (_what, value) => {
  expect(read("messages", `{"model":"m","messages":${value}}`)).toMatchObject({
    ok: false,
    where: "the body",
    rule: expect.stringMatching(/at most$/),
  });
});

test("what looks like JSON in a text is text", () => {
  const text = `${'[{,\\"'.repeat(200_000)}\\`;
  expect(read("messages", inMessages({ type: "text", text })).ok).toBe(true);
});
