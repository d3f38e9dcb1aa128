/** Whoever has one key fills its own account on the real server, and keeps nobody else out. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ensureMeshKeys, type MeshKeys } from "@baton/nats-server";
import { eventually, startTestNats, temporaryFolder, type TestNats } from "@baton/testkit";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { ACCOUNT_CONNECTIONS, type Kind, KINDS } from "./access.ts";
import { openConnection } from "./connect.ts";

type Connection = Awaited<ReturnType<typeof openConnection>>;

const folder = temporaryFolder("connections");
/** Of a mesh with two keys of the kind `cli`: the second is another person's. */
const keys = ensureMeshKeys(join(folder.path, "keys"));
const second = ensureMeshKeys(join(folder.path, "second"));
let nats: TestNats;
const open: Connection[] = [];

beforeAll(async () => {
  const cli = [...keys.publicKeys.cli, ...second.publicKeys.cli];
  nats = await startTestNats({ keys: { ...keys.publicKeys, cli } });
});
afterEach(() => Promise.all(open.splice(0).map((connection) => connection.close())));
afterAll(async () => {
  await nats.stop();
  folder.remove();
});

async function enter(kind: Kind, of: MeshKeys = keys): Promise<Connection> {
  const seed = readFileSync(of.seedFileOf(kind), "utf8").trim();
  const options = { url: nats.url, name: kind, seed, waitForServer: false, once: true };
  const connection = await openConnection(options);
  open.push(connection);
  return connection;
}

/** Tries to open so many connections; answers with how many were let in. */
async function flood(kind: Kind, attempts: number): Promise<number> {
  let entered = 0;
  for (let tried = 0; tried < attempts; tried += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, () => enter(kind));
    const ended = await Promise.allSettled(some);
    entered += ended.filter(({ status }) => status === "fulfilled").length;
  }
  return entered;
}

/** This process signs for all of them, and a server waits for a signature only so long. */
const AT_ONCE = 50;

test.each(["lane-a", "cli", "coordinator"] as const)(
  "whoever has the key of %s gets as many connections as its account takes, and every other key gets in",
  async (thief) => {
    expect(await flood(thief, ACCOUNT_CONNECTIONS + 50)).toBe(ACCOUNT_CONNECTIONS);
    const others = KINDS.filter((kind) => kind !== thief);
    for (const connection of await Promise.all(others.map((kind) => enter(kind))))
      await connection.flush();
    await expect(enter(thief)).rejects.toMatchObject({ code: "E_UNAVAILABLE" });
    // Another person's key of the same kind.
    if (thief === "cli") await (await enter("cli", second)).flush();
    // Who leaves makes room.
    await open[0]?.close();
    await eventually(() => enter(thief).catch(() => undefined), { what: "room for one more" });
  },
  60_000,
);
