import { request, type ServerResponse } from "node:http";

import { expect, test, vi } from "vitest";

import { NO_USAGE } from "./budget.ts";
import {
  answering,
  ask,
  askMessages,
  askResponses,
  KEY,
  keyFileWith,
  listening,
  MODEL,
  stream,
  world,
} from "./testing/world.ts";

test("a body beyond its bound, an encoded one, or none that is JSON isn't forwarded", async () => {
  const here = await world(answering(1, 1), { limits: { bodyBytes: 1000 } });
  const long = "x".repeat(5_000_000);
  const answers = [
    await askMessages(here, { system: "x".repeat(1000) }),
    await ask(here, "/v1/messages", { model: MODEL }, { "content-encoding": "gzip" }),
    await ask(here, "/v1/responses", "{"),
  ];
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
  // Its answer may be lost, as nobody reads on.
  await askMessages(here, { system: long }).catch(() => undefined);
  expect(here.asked).toEqual([]);
});

test("bodies of calls that wait are bounded together, and room is there again afterwards", async () => {
  const waiting: ServerResponse[] = [];
  const here = await world((_asked, response) => void waiting.push(response), {
    limits: { bodyBytes: 100_000 },
  });
  const large = { system: "x".repeat(90_000) };
  const first = [askMessages(here, large), askMessages(here, large)];
  await vi.waitFor(() => expect(waiting.length).toBe(2), { timeout: 10_000 });
  const third = await askMessages(here, large);
  expect([third.status, third.headers.get("x-baton-refused")]).toEqual([429, "E_MODEL_BUSY"]);
  for (const response of waiting.splice(0)) response.end("{}");
  await Promise.all(first);
  const again = askMessages(here, large);
  await vi.waitFor(() => expect(waiting.length).toBe(1), { timeout: 10_000 });
  waiting[0]?.end("{}");
  expect((await again).status).toBe(200);
});

test.each([
  ["to the first byte", { firstByteMs: 100 }],
  ["in all", { callMs: 100 }],
])("the provider's silence ends: %s", async (_what, limits) => {
  const here = await world(() => undefined, { limits });
  const answer = await askMessages(here);
  expect([answer.status, answer.headers.get("x-baton-refused")]).toEqual([504, "E_MODEL_UPSTREAM"]);
  await here.close();
  expect(here.facts.find(({ kind }) => kind === "ended")).toMatchObject({
    end: "deadline",
    counted: "bound",
  });
});

test("the provider's silence ends: between two pieces", async () => {
  const here = await world((_asked, response) => stream(response, { type: "ping" }), {
    limits: { idleMs: 100 },
  });
  await expect(askMessages(here)).rejects.toThrow("aborted");
  await here.close();
  expect(here.facts.at(-1)).toMatchObject({ end: "deadline", counted: "bound", status: 200 });
});

test("a provider that nobody can reach costs nothing", async () => {
  const here = await world(answering(1, 1), {
    upstreams: { messages: { url: "http://127.0.0.1:1", keyFile: keyFileWith(KEY) } },
  });
  expect((await askMessages(here)).status).toBe(502);
  // The other dialect has no provider.
  expect((await askResponses(here)).status).toBe(404);
  await here.close();
  expect(here.facts.find(({ kind }) => kind === "ended")).toMatchObject({
    end: "unreachable",
    counted: "nothing",
  });
});

test("a kept connection that the provider closes just then doesn't fail the call, nor count it twice", async () => {
  const used = new WeakSet<object>();
  const here = await world((_asked, response) => {
    const { socket } = response;
    if (!socket || used.has(socket)) return void response.destroy();
    used.add(socket);
    return response.end('{"type":"message","usage":{"input_tokens":1,"output_tokens":1}}');
  });
  const answers = [await askMessages(here), await askMessages(here), await askMessages(here)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(here.asked.length).toBeGreaterThan(3);
  expect(here.spent()).toMatchObject({ tokens: 6, calls: 3 });
});

test("a redirect isn't followed, and a key that the provider refuses stops the agent without a word of it", async () => {
  const target = { hits: 0 };
  const elsewhere = await listening((_asked, response) => {
    target.hits += 1;
    response.end("{}");
  });
  const here = await world(({ path }, response) => {
    if (path === "/v1/responses") response.writeHead(307, { location: elsewhere }).end();
    else response.writeHead(401).end(`{"error":{"message":"wrong key ${KEY}"}}`);
  });
  const redirected = await askResponses(here);
  expect([redirected.status, redirected.headers.get("location")]).toEqual([502, null]);
  const refused = await askMessages(here);
  expect([refused.status, await refused.text()]).toEqual([402, expect.not.stringContaining(KEY)]);
  expect(target.hits).toBe(0);
  expect(here.facts.filter(({ kind }) => kind === "refused")).toMatchObject([
    { code: "E_MODEL_UPSTREAM" },
    { code: "E_MODEL_KEY" },
  ]);
});

test("an agent that goes away ends its call at the provider, and so does the end of the attempt", async () => {
  const closed: Promise<unknown>[] = [];
  const here = await world((_asked, response) => {
    closed.push(new Promise((resolve) => response.once("close", resolve)));
    stream(response, { type: "message_start", message: { usage: { input_tokens: 10 } } });
  });
  const begin = (): Promise<{ destroy(): void }> =>
    new Promise((resolve) => {
      const headers = { authorization: `Bearer ${here.token}` };
      const call = request(
        { socketPath: here.socket, path: "/v1/messages", method: "POST", headers },
        (answer) => {
          answer.on("error", () => undefined);
          answer.once("data", () => resolve(call));
        },
      );
      call.on("error", () => undefined);
      call.end(JSON.stringify({ model: MODEL, max_tokens: 100, messages: [] }));
    });
  (await begin()).destroy();
  await closed[0];
  await begin();
  await here.close();
  await closed[1];
  const usage = { ...NO_USAGE, input: 10, output: 100 };
  expect(here.facts.filter(({ kind }) => kind === "ended")).toMatchObject([
    { end: "agent-left", counted: "bound", usage },
    { end: "agent-left", counted: "bound", usage },
  ]);
});

test("what the agent reads slowly is read slowly from the provider", async () => {
  let written = 0;
  const chunk = Buffer.alloc(65_536, "x");
  const here = await world((_asked, response) => {
    const more = (): void => {
      while (written < 200 * 2 ** 20) {
        written += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    response.setHeader("content-type", "text/event-stream");
    more();
  });
  const headers = { authorization: `Bearer ${here.token}` };
  await new Promise<void>((resolve) => {
    const call = request(
      { socketPath: here.socket, path: "/v1/messages", method: "POST", headers },
      (answer) => {
        answer.pause();
        answer.on("error", () => undefined);
        resolve();
      },
    );
    call.on("error", () => undefined);
    call.end(JSON.stringify({ model: MODEL, max_tokens: 100, messages: [] }));
  });
  let before = -1;
  while (before !== written) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(written).toBeLessThan(50 * 2 ** 20);
});
