/** A kept-alive connection that the broker closes: what only asks is asked once more, what may change something isn't. */
import { createServer } from "node:http";

import { expect, test } from "vitest";

import { createExchange, waitOf } from "./exchange.ts";

/** Answers the first request, and closes the connection on so many after it; gives all it was sent. */
async function serveAndClose(closes: number) {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.method);
    if (seen.length > 1 && seen.length <= 1 + closes) request.socket.destroy();
    else response.end('{"n":1}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const exchange = createExchange({ url, account: "acc", headers: {} });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { exchange, seen, [Symbol.dispose]: close };
}

test.each([
  ["GET", 1, "answer", ["GET", "GET", "GET"]],
  ["GET", 2, "silence", ["GET", "GET", "GET"]],
  ["PUT", 1, "silence", ["GET", "PUT"]],
  ["POST", 1, "silence", ["GET", "POST"]],
  ["DELETE", 1, "silence", ["GET", "DELETE"]],
] as const)(
  "%s on a connection that is closed %i times: %s",
  async (method, closes, kind, sent) => {
    using broker = await serveAndClose(closes);
    expect((await broker.exchange("GET", "/v2/kill-switch")).kind).toBe("answer");
    const answer = await broker.exchange(method, "/v2/kill-switch");
    expect(answer.kind).toBe(kind);
    expect(broker.seen).toEqual(sent);
  },
);

test.each([
  [{ "retry-after": "7" }, 7000],
  [{ "retry-after": "Thu, 01 Jan 1970 00:00:12 GMT" }, 2000],
  [{ "retry-after": "0", "x-ratelimit-reset": "99" }, 0],
  [{ "x-ratelimit-reset": "40" }, 30_000],
  [{ "x-ratelimit-reset": "3" }, 0],
  [{ "retry-after": "999999999" }, 300_000],
  [{ "retry-after": "soon" }, undefined],
  [{}, undefined],
])("a broker that is asked too often is left alone as long as it says (%#)", (headers, wait) => {
  expect(waitOf(new Headers(headers as Record<string, string>), 10_000)).toBe(wait);
});
