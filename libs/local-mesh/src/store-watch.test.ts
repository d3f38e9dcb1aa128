import { createServer } from "node:http";
import { tmpdir } from "node:os";

import { diskFinding } from "@baton/client";
import { eventually } from "@baton/testkit";
import { expect, test } from "vitest";

import { watchStore, writesTrouble } from "./store-watch.ts";

test("a server that stores nothing is started again once the disk has room, and then left alone for a while", async () => {
  const told: string[] = [];
  let restarts = 0;
  let looks = 0;
  let trouble: string | undefined;
  const parts = {
    storeDir: tmpdir(),
    trouble: async () => {
      looks += 1;
      return trouble;
    },
    restart: () => void (restarts += 1),
    tell: (line: string) => void told.push(line),
    everyMs: 5,
  };
  const more = async (count: number) => {
    const until = looks + count;
    await eventually(() => looks >= until, { what: "more looks" });
  };
  const full = watchStore({ ...parts, roomBytes: Number.MAX_VALUE });
  await more(3);
  trouble = "nothing that is written was stored for 14 s";
  await more(4);
  full[Symbol.dispose]();
  expect(restarts).toBe(0);
  expect(told).toEqual([
    expect.stringMatching(/stores nothing: the disk of .* is full .*make room/),
  ]);

  const roomy = watchStore({ ...parts, roomBytes: 0 });
  await more(6);
  expect(restarts).toBe(1);
  expect(told.at(-1)).toContain("although its disk has room");
  await eventually(() => restarts === 2, { what: "a second one if the first was in vain" });
  roomy[Symbol.dispose]();
});

test("what the coordinator says of its writes counts only while it has a connection", async () => {
  let checks: object[] = [];
  const server = createServer((_request, response) => {
    response.writeHead(503).end(JSON.stringify({ checks }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const bound = server.address();
  const address = `http://127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
  const writes = { name: "writes", ok: false, reason: "nothing was stored" };
  const up = { name: "server", ok: true, reason: null };
  checks = [up, writes];
  expect(await writesTrouble(address)).toBe("nothing was stored");
  checks = [
    { name: "server", ok: false, reason: "none to nats://x", code: "E_UNAVAILABLE" },
    writes,
  ];
  expect(await writesTrouble(address)).toBeUndefined();
  checks = [up, { ...writes, ok: true, reason: null }];
  expect(await writesTrouble(address)).toBeUndefined();
  server.close();
  server.closeAllConnections();
  expect(await writesTrouble(address)).toBeUndefined();
  expect(await writesTrouble(undefined)).toBeUndefined();
});

test("a full disk is a fault with what follows, one that is nearly full is told", () => {
  expect(diskFinding("/s", 4_000_000)).toMatchObject({
    level: "fault",
    found: expect.stringContaining("4.0 MB left"),
  });
  expect(diskFinding("/s", 400_000_000).level).toBe("note");
  expect(diskFinding("/s", 9e9).level).toBe("ok");
});
