/** A server that says that it is older than what Baton needs: a real one, behind a door that tells another version. */
import { connect, createServer, type Socket } from "node:net";

import { withNats } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { openConnection } from "./connect.ts";
import { openJetStream, openMesh } from "./mesh.ts";

/** Passes everything on but for the version in what the server says of itself. */
async function doorTo(url: string, version: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const door = createServer((client) => {
    const server = connect(Number(port), hostname);
    for (const one of [client, server]) {
      sockets.add(one);
      one.on("error", () => [client, server].forEach((other) => other.destroy()));
    }
    client.pipe(server);
    server.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      const told = text.replaceAll(/^(INFO .*?"version":")[^"]*/gm, `$1${version}`);
      client.write(Buffer.from(told, "latin1"));
    });
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    door.close();
  });
  const address = door.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `nats://127.0.0.1:${address.port}`;
}

test("whoever makes streams refuses a server that is too old, and has made nothing on it", async () => {
  await withNats(async (nats) => {
    const url = await doorTo(nats.url, "2.9.10");
    for (const provision of [true, "asked"] as const)
      await expect(openMesh({ url, name: "test", provision })).rejects.toMatchObject({
        code: "E_SERVER_VERSION",
        message: expect.stringContaining("nats-server 2.9.10 is older than 2.14.0"),
        action: expect.stringMatching(/^Run nats-server 2\.14\.0 or newer .*Nothing was made/),
      });
    const nc = await openConnection({ url: nats.url, name: "test", waitForServer: false });
    const { jsm } = await openJetStream(nc, {});
    expect(await jsm.streams.names().next()).toEqual([]);
    await nc.close();
  });
});
