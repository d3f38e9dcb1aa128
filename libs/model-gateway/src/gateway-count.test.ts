import type { ServerResponse } from "node:http";

import { expect, test, vi } from "vitest";

import { NO_USAGE } from "./budget.ts";
import {
  answering,
  ask,
  askMessages,
  askResponses,
  budget,
  MODEL,
  PRICE,
  type Provider,
  stream,
  world,
} from "./testing/world.ts";

const WAIT = { timeout: 10_000, interval: 5 };

const CODEX_EVENTS = [
  { type: "response.created", response: { usage: null } },
  { type: "response.output_text.delta", delta: '"usage": none' },
  {
    type: "response.completed",
    response: {
      usage: {
        input_tokens: 100,
        input_tokens_details: { cached_tokens: 60 },
        output_tokens: 7,
        output_tokens_details: { reasoning_tokens: 5 },
      },
    },
  },
];

test("a stream passes as it comes, and its last event says what it took (Responses)", async () => {
  let next: (() => void) | undefined;
  const here = await world((_asked, response) => {
    stream(response, CODEX_EVENTS[0]);
    next = () => {
      stream(response, ...CODEX_EVENTS.slice(1));
      response.end();
    };
  });
  const { url, token } = here;
  const answer = await fetch(`${url}/v1/responses`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ model: MODEL, stream: true, input: [] }),
  });
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  expect(String(Buffer.from(first?.value ?? []))).toContain("response.created");
  next?.();
  let rest = "";
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    rest += String(Buffer.from(value ?? []));
  }
  expect(rest).toContain("response.completed");
  await here.close();
  const usage = { input: 40, cachedInput: 60, cacheWrite: 0, output: 7 };
  const micros = 40 + 6 + 14;
  expect(here.facts).toMatchObject([
    { kind: "begun", dialect: "responses", model: MODEL },
    { kind: "ended", status: 200, end: "answered", counted: "told", usage, micros },
  ]);
  expect(here.spent()).toEqual({ tokens: 107, micros, calls: 1 });
});

test("a stream's start and end together say what it took (Messages)", async () => {
  const here = await world((_asked, response) => {
    stream(
      response,
      {
        type: "message_start",
        message: {
          usage: {
            input_tokens: 10,
            cache_creation_input_tokens: 20,
            cache_read_input_tokens: 30,
            output_tokens: 1,
          },
        },
      },
      { type: "content_block_delta", delta: { type: "text_delta", text: "hello" } },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } },
      { type: "message_stop" },
    );
    response.end();
  });
  await askMessages(here, { stream: true });
  await here.close();
  const usage = { input: 10, cacheWrite: 20, cachedInput: 30, output: 9 };
  expect(here.facts.at(-1)).toMatchObject({ counted: "told", usage, micros: 10 + 20 + 3 + 18 });
});

test.each<[string, Provider, object]>([
  [
    "an answer without usage",
    (_, response) => response.end("{}"),
    { end: "answered", counted: "bound", usage: { cachedInput: 0, output: 100 } },
  ],
  [
    "a stream that is cut",
    (_, response) => {
      stream(response, {
        type: "message_start",
        message: { usage: { input_tokens: 10, output_tokens: 1 } },
      });
      setImmediate(() => response.destroy());
    },
    { end: "cut", counted: "bound", usage: { ...NO_USAGE, input: 10, output: 100 } },
  ],
  [
    "an error",
    (_, response) => response.writeHead(529).end('{"error":{}}'),
    { end: "answered", status: 529, counted: "nothing", usage: NO_USAGE, micros: 0 },
  ],
  [
    "a connection that is cut before any answer",
    (_, response) => response.destroy(),
    { end: "unreachable", counted: "bound" },
  ],
])("%s is counted", async (_what, provider, fact) => {
  const here = await world(provider);
  await askMessages(here).catch(() => undefined);
  await here.close();
  expect(here.facts.filter(({ kind }) => kind === "ended")).toMatchObject([fact]);
});

test("one call that is over the budget makes the next be refused with what stops each command line at once", async () => {
  const here = await world(answering(4000, 2000), {
    budgets: [budget({ tokens: 12_000 }, { scope: "candidate", spent: { tokens: 7000 } })],
  });
  expect((await askMessages(here, { max_tokens: 9000 })).status).toBe(200);
  // What it asked for was more than is left.
  expect(here.asked[0]?.body["max_tokens"]).toBeGreaterThan(4900);
  expect(here.asked[0]?.body["max_tokens"]).toBeLessThan(5000);
  const messages = await askMessages(here);
  expect(messages.status).toBe(402);
  expect(messages.headers.get("x-should-retry")).toBe("false");
  expect(messages.headers.get("x-baton-refused")).toBe("E_MODEL_BUDGET");
  expect(await messages.json()).toEqual({
    type: "error",
    error: {
      type: "billing_error",
      message: "E_MODEL_BUDGET: the candidate's budget is spent: 13000 of 12000 tokens",
    },
  });
  const responses = await askResponses(here);
  expect(responses.status).toBe(429);
  expect(await responses.json()).toMatchObject({ error: { code: "insufficient_quota" } });
  expect(here.asked.length).toBe(1);
  const because = { scope: "candidate", measure: "tokens", limit: 12_000, spent: 13_000 };
  expect(here.cutBy()).toEqual(because);
  expect(here.facts.slice(2)).toMatchObject([
    { kind: "refused", code: "E_MODEL_BUDGET", because },
    { kind: "refused", code: "E_MODEL_BUDGET", because },
  ]);
});

test("calls beside each other share the budget: what doesn't fit waits for what is in flight", async () => {
  const waiting: ServerResponse[] = [];
  let most = 0;
  const here = await world(
    (_asked, response) => {
      most = Math.max(most, waiting.push(response));
    },
    { budgets: [budget({ tokens: 30_000 })] },
  );
  const calls = Array.from({ length: 8 }, () => askMessages(here, { max_tokens: 9000 }));
  // Some 10,000 each at most: two beside each other, never three.
  for (const _ of [1, 2, 3, 4]) {
    await vi.waitFor(() => expect(waiting.length).toBe(2), WAIT);
    for (const response of waiting.splice(0))
      response.end('{"type":"message","usage":{"input_tokens":20,"output_tokens":80}}');
  }
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect(statuses).toEqual(calls.map(() => 200));
  expect(most).toBe(2);
  expect(here.spent()).toMatchObject({ tokens: 800, calls: 8 });
});

test("a call whose beginning can't be recorded isn't made", async () => {
  const here = await world(answering(1, 1), {
    record: () => {
      throw new Error("disk full");
    },
  });
  const answer = await askMessages(here);
  expect([answer.status, answer.headers.get("x-baton-refused")]).toEqual([503, "E_MODEL_RECORD"]);
  expect(here.asked).toEqual([]);
  expect(here.faults).toContainEqual(new Error("disk full"));
  expect(here.spent()).toEqual({ tokens: 0, micros: 0, calls: 0 });
});

test("models have their own price; an unknown one is refused unless all others have one", async () => {
  const models = { [MODEL]: PRICE, "family-*": { ...PRICE, output: 10 } };
  const here = await world(answering(0, 1), { models });
  expect((await askMessages(here, { model: "other" })).status).toBe(400);
  expect(here.asked).toEqual([]);
  for (const model of [MODEL, "family-4"]) await askMessages(here, { model });
  expect(here.spent().micros).toBe(2 + 10);
  const open = await world(answering(0, 1), { models, otherModels: { ...PRICE, output: 50 } });
  expect((await askMessages(open, { model: "other" })).status).toBe(200);
  expect(open.spent().micros).toBe(50);
});

test("counting tokens is forwarded and costs nothing", async () => {
  const here = await world(answering(5, 0), { budgets: [budget({ calls: 1 })] });
  for (const _ of [1, 2]) {
    const answer = await ask(here, "/v1/messages/count_tokens?beta=true", { model: MODEL });
    expect(answer.status).toBe(200);
  }
  expect(here.asked.map(({ path }) => path)).toEqual(
    Array.from({ length: 2 }, () => "/v1/messages/count_tokens?beta=true"),
  );
  expect([here.facts, here.spent().calls]).toEqual([[], 0]);
});
