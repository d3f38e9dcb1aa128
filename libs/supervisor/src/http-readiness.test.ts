import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { awaitHttpReady } from "./http-readiness.ts";

let dir: string;
let server: Server | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "baton-readiness-"));
});

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Starts a service that answers as told and returns the file with its address. */
async function serve(answer: (response: ServerResponse) => void): Promise<string> {
  const listening = createServer((_request, response) => answer(response));
  server = listening;
  await new Promise<void>((done) => listening.listen(0, "127.0.0.1", done));
  const bound = listening.address();
  const addressFile = join(dir, "address");
  writeFileSync(addressFile, `http://127.0.0.1:${typeof bound === "object" ? bound?.port : bound}`);
  return addressFile;
}

const NOT_YET = JSON.stringify({
  checks: [
    { name: "server", ok: false, reason: "no connection" },
    { name: "journal", ok: true, reason: null },
  ],
});

test("a look that the deadline cuts short doesn't hide what the service said before", async () => {
  let looks = 0;
  const addressFile = await serve((response) => {
    looks++;
    if (looks === 1) response.writeHead(503).end(NOT_YET);
  });
  const signal = new AbortController().signal;
  // Less than a single look may take, so that it's the deadline that ends the second one.
  await expect(awaitHttpReady({ addressFile, withinMs: 1700, signal })).rejects.toThrow(
    "not within 1700 ms; last answer: server: no connection",
  );
  expect(looks).toBe(2);
});

test("a service that never answers is told from one that hasn't opened its port", async () => {
  const signal = new AbortController().signal;
  const silent = { addressFile: await serve(() => undefined), withinMs: 300, signal };
  await expect(awaitHttpReady(silent)).rejects.toThrow(/last answer: http:\S+ doesn't answer/);
  const closed = { addressFile: join(dir, "never written"), withinMs: 300, signal };
  await expect(awaitHttpReady(closed)).rejects.toThrow("it hasn't opened its port yet");
});

test("the address is given once the service says that it's ready", async () => {
  let looks = 0;
  const addressFile = await serve((response) => {
    looks++;
    if (looks < 3) response.writeHead(503).end(NOT_YET);
    else response.writeHead(200).end('{"checks":[]}');
  });
  const signal = new AbortController().signal;
  await expect(awaitHttpReady({ addressFile, withinMs: 10_000, signal })).resolves.toMatch(
    /^http:\/\/127\.0\.0\.1:\d+$/,
  );
});
