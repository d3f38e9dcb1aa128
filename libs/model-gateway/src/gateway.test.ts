import { existsSync, statSync } from "node:fs";

import { expect, test } from "vitest";

import {
  answering,
  ask,
  askMessages,
  askResponses,
  budget,
  KEY,
  MODEL,
  world,
} from "./testing/world.ts";

test("the provider gets its key and the call; the agent's token and other headers stay here", async () => {
  const here = await world((_asked, response) => {
    response.writeHead(200, {
      "content-type": "application/json",
      "set-cookie": "a=b",
      server: "x",
    });
    response.end('{"usage":{"input_tokens":3,"output_tokens":1}}');
  });
  const answer = await ask(
    here,
    "/v1/responses",
    { model: MODEL, input: "hi" },
    {
      "openai-beta": "b",
      "x-codex-turn-metadata": "m",
      cookie: "c",
      "accept-encoding": "zstd",
    },
  );
  expect(answer.status).toBe(200);
  expect([answer.headers.get("set-cookie"), answer.headers.get("server")]).toEqual([null, null]);
  const { path, headers, body } = here.asked[0] ?? {};
  expect({ path, body }).toEqual({ path: "/v1/responses", body: { model: MODEL, input: "hi" } });
  expect(headers).toMatchObject({
    authorization: `Bearer ${KEY}`,
    "openai-beta": "b",
    "accept-encoding": "identity",
  });
  expect(Object.keys(headers ?? {})).not.toContain("cookie");
  expect(Object.keys(headers ?? {})).not.toContain("x-codex-turn-metadata");
  expect(JSON.stringify(here.asked)).not.toContain(here.token);

  await ask(
    { ...here, token: "" },
    "/v1/messages?beta=true",
    { model: MODEL, max_tokens: 5 },
    {
      "x-api-key": here.token,
      "anthropic-version": "2023-06-01",
    },
  );
  expect(here.asked[1]).toMatchObject({
    path: "/v1/messages?beta=true",
    headers: { "x-api-key": KEY, "anthropic-version": "2023-06-01" },
  });
});

test("its folder is closed to others, and gone with the attempt; the token then opens nothing", async () => {
  const here = await world(answering(1, 1));
  expect(statSync(here.folder).mode & 0o777).toBe(0o700);
  const { url = "", token } = here;
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(url, { headers })).status).toBe(200);
  const other = await here.gateway.open({ budgets: [], record: () => undefined, loopback: true });
  expect((await fetch(other.url ?? "", { headers })).status).toBe(401);
  await here.close();
  expect(existsSync(here.folder)).toBe(false);
  await expect(fetch(url, { headers })).rejects.toThrow("fetch failed");
  await here.close();
});

test.each([
  ["no token", { authorization: "" }],
  ["another one", { authorization: "Bearer x" }],
  ["the key", { authorization: `Bearer ${KEY}` }],
  ["another way", { authorization: "Basic x" }],
])("with %s nothing is forwarded", async (_what, headers) => {
  const here = await world(answering(1, 1));
  expect((await ask(here, "/v1/responses", {}, headers)).status).toBe(401);
  expect([here.asked, here.facts]).toEqual([[], []]);
});

test.each(["/v1/files", "/v1/responses/compact", "/v1/messages/batches", "/v1/responses/../files"])(
  "%s isn't served",
  async (path) => {
    const here = await world(answering(1, 1));
    expect((await ask(here, path, { model: MODEL })).status).toBe(404);
    expect(here.asked).toEqual([]);
    expect(here.facts).toMatchObject([{ kind: "refused", code: "E_MODEL_PATH" }]);
  },
);

test("facts and answers hold no key, no token and no prompt", async () => {
  const here = await world(answering(1, 1), { budgets: [budget({ calls: 2 })] });
  const secret = "a-secret-in-the-prompt";
  const answers = [
    await askResponses(here, { input: secret }),
    await askMessages(here, { system: secret }),
    await askMessages(here, { system: secret }),
    await askMessages(here, { system: secret, mcp_servers: [secret] }),
    await ask(here, `/v1/${secret}`, secret),
  ];
  const told = JSON.stringify([here.facts, await Promise.all(answers.map((one) => one.text()))]);
  for (const word of [secret, KEY, here.token]) expect(told).not.toContain(word);
});
