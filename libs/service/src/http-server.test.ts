import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";

import { expect, onTestFinished, test } from "vitest";

import { namesUs } from "./http-names.ts";
import { spawnService } from "./spawned-service.test.fixture.ts";

test.each([
  ["127.0.0.1:80", true],
  ["192.0.2.7", true],
  ["[::1]:8080", true],
  ["localhost:1", true],
  ["LocalHost.", true],
  ["metrics.baton.svc:8080", true],
  ["METRICS.baton.svc.", true],
  ["evil.example", false],
  ["127.0.0.1.evil.example", false],
  ["localhost.evil.example:80", false],
  ["metrics.baton.svc.evil.example", false],
  ["[::1].evil.example", false],
  ["[evil.example]", false],
  ["127.0.0.1@evil.example", false],
  ["1", false],
  ["", false],
  [undefined, false],
])("a request to %j is for us: %s", (header, ours) => {
  expect(namesUs(header, ["metrics.baton.svc"])).toBe(ours);
});

/** The status that `path` is answered with when it is asked under the name `host`. */
async function statusUnder(host: string, address: URL, path: string): Promise<number | undefined> {
  const { hostname, port } = address;
  const asked = request({ hostname, port, path, headers: { host }, agent: false }).end();
  const [answer] = await once(asked, "response");
  answer.resume();
  return answer.statusCode;
}

const MOUNTED = `
  context.mount({ fetch: async (request) => { await request.text(); return new Response("positions"); } }, "itself");
  context.log.info("up");`;

async function started(env: Record<string, string> = {}): Promise<URL> {
  const service = spawnService(MOUNTED, { env });
  await service.line("up");
  return new URL(String((await service.line("listening"))["address"]));
}

test("nothing is answered under a name that isn't configured, probes and metrics neither", async () => {
  const address = await started({ BATON_HTTP_NAMES: "sample.svc, other" });
  for (const path of ["/positions", "/livez", "/readyz", "/metrics"]) {
    expect([path, await statusUnder("rebound.example", address, path)]).toEqual([path, 421]);
    expect([path, await statusUnder("sample.svc:80", address, path)]).toEqual([path, 200]);
    expect([path, await statusUnder(address.host, address, path)]).toEqual([path, 200]);
  }
});

/** So many connections that say `begin` and then nothing. */
async function hold(address: URL, count: number, begin: string): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(Number(address.port), address.hostname);
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    return socket;
  });
  await Promise.all(
    sockets.map(async (socket) => {
      await once(socket, "connect");
      if (begin !== "") socket.write(begin);
    }),
  );
  return sockets;
}

test("more connections than may be, silent, slow or idle, shut nobody out, and end", async () => {
  const address = await started();
  const kinds = [
    "",
    "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
    "POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n123",
    "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
  ];
  const held = await Promise.all(kinds.map((begin) => hold(address, 150, begin)));
  const ended = held.flat().map(async (socket) => socket.closed || (await once(socket, "close")));
  for (let asked = 0; asked < 5; asked += 1)
    expect(await statusUnder(address.host, address, "/readyz")).toBe(200);
  for (const socket of held.flat()) socket.resume();
  await Promise.all(ended);
}, 60_000);

test("what is mounted, and whom a check names, is for whoever brings the reader's token", async () => {
  const body = `
    context.mount({ fetch: () => new Response("positions") });
    context.registerCheck("strategies", () => (
      { ok: true, reason: "cand-1 is in trouble", open: "one strategy is in trouble",
        matters: [{ code: "E_X", subject: "cand-1", since: "2026-01-01T00:00:00.000Z", text: "x" }] }));
    context.log.info("up");`;
  const service = spawnService(body);
  await service.line("up");
  const address = String((await service.line("listening"))["address"]);
  const under = (path: string, token: string) =>
    fetch(address + path, { headers: { authorization: `Bearer ${token}` } });
  for (const answer of [await fetch(`${address}/positions`), await under("/positions", "x")]) {
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(await answer.json()).toMatchObject({ code: "E_UNAUTHENTICATED" });
  }
  expect(await (await service.get("/positions")).text()).toBe("positions");

  const open = await (await fetch(`${address}/readyz`)).text();
  expect(open).toContain("one strategy is in trouble");
  expect(open).not.toContain("cand-1");
  expect(await (await service.get("/readyz")).text()).toContain("cand-1 is in trouble");
});
