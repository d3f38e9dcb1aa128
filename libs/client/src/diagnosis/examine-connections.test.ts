import { ACCOUNT_CONNECTIONS, openConnection } from "@baton/mesh";
import { withNats } from "@baton/testkit";
import { expect, test } from "vitest";

import { type Connections, connectionFindings, examineConnections } from "./examine-connections.ts";

const look = (open: number, accounts: Record<string, number> = {}): unknown => {
  const servers: Connections["servers"] = [{ name: "baton-1", open, max: 8192 }];
  return connectionFindings({ servers, accounts: new Map(Object.entries(accounts)) });
};

test("a server with room, and keys below their bound, are as they should be", () => {
  expect(look(12, { BATON: 1, LANE_A: ACCOUNT_CONNECTIONS - 1 })).toEqual([
    { level: "ok", about: "connections", found: "12 of the 8192 that baton-1 takes" },
  ]);
});

test("a server that is nearly full is a fault", () => {
  expect(look(7000)).toMatchObject([
    { level: "fault", found: expect.stringContaining("7000 of the 8192") },
  ]);
});

test.each([
  ["BATON", "the key of coordinator has 256,"],
  ["LANE_A", "the key of lane-a has 256,"],
  ["PAPER_ENGINE", "the key of paper-engine has 256,"],
  ["CLI", "the key of cli has 256,"],
  ["CLI_ABCDEFGH", "the key of cli that ends with ABCDEFGH has 256,"],
  ["OTHERS", "the key of account OTHERS has 256,"],
])("account %s at its bound is a fault that names its key", (account, found) => {
  expect(look(300, { [account]: ACCOUNT_CONNECTIONS })).toMatchObject([
    { level: "ok" },
    { level: "fault", found: expect.stringContaining(found) },
  ]);
});

test("the server tells who signs in as people do; that it doesn't is told where there should be bounds", async () => {
  const about = (url: string, seed?: string) =>
    ask({ url, name: "test", seed, waitForServer: false });
  await withNats(
    async ({ url, seedOf }) => {
      expect(await about(url, seedOf("cli"))).toMatchObject([
        { level: "ok", found: expect.stringMatching(/^1 of the \d+ that baton takes$/) },
      ]);
      expect(await about(url, seedOf("lane-a"))).toMatchObject([
        { level: "note", found: expect.stringContaining("unknown") },
      ]);
    },
    { signIn: true },
  );
  await withNats(async ({ url }) => expect(await about(url)).toEqual([]));
});

async function ask(options: Parameters<typeof openConnection>[0]): Promise<unknown> {
  const nc = await openConnection(options);
  try {
    return await examineConnections({ nc });
  } finally {
    await nc.close();
  }
}
