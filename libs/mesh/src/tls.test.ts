/** `tls://` means TLS, whoever answers. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";

import { eventually, temporaryFolder, withNats } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { openConnection } from "./connect.ts";

/** A way to the server at `url` that keeps what the client says; `count` connections came. */
async function wiretap(url: string) {
  let said = "";
  let count = 0;
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    count += 1;
    const { hostname, port } = new URL(url);
    const onward = connect(Number(port), hostname);
    sockets.push(client, onward);
    for (const socket of [client, onward]) socket.on("error", () => {});
    client.on("data", (bytes) => {
      said += bytes.toString("latin1");
    });
    client.pipe(onward).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { at: `127.0.0.1:${port}`, said: () => said, count: () => count };
}

test("nothing is said to a server without TLS, also if only one of several addresses asks for it", async () => {
  await withNats(async (nats) => {
    const tap = await wiretap(nats.url);
    for (const url of [`tls://${tap.at}`, `nats://${tap.at},tls://${tap.at}`])
      await expect(
        openConnection({ url, name: "a-test", waitForServer: false }),
      ).rejects.toMatchObject({ code: "E_UNAVAILABLE", message: /does not support 'tls'/ });
    expect(tap.count()).toBeGreaterThanOrEqual(2);
    expect(tap.said()).toBe("");
  });
});

/** A process that connects as a service does, and says that it is in. */
function startClient(url: string, ca: string | undefined) {
  const module = JSON.stringify(join(import.meta.dirname, "connect.ts"));
  const script = `
    const { openConnection } = await import(${module});
    const nc = await openConnection({ url: ${JSON.stringify(url)}, name: "a-test", waitForServer: true });
    console.log("in");
    await nc.close();`;
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    env: { PATH, ...(ca !== undefined && { NODE_EXTRA_CA_CERTS: ca }) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (bytes: Buffer) => {
    output += bytes.toString();
  });
  return { child, output: () => output };
}

/** A certificate for `name` that signs itself. */
function certificate(name: string): { cert: string; key: string } {
  const folder = temporaryFolder("tls");
  onTestFinished(() => folder.remove());
  const [cert, key] = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const files = ["-nodes", "-days", "2", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...made, ...subject, ...files], { stdio: "ignore" });
  return { cert, key };
}

test.each([
  ["that is known goes in", "localhost", true],
  ["that nobody knows says nothing, however long it waits", "localhost", false],
  ["of somebody else says nothing either", "elsewhere.test", true],
])("over TLS, to a server with a certificate %s", async (_, name, known) => {
  const { cert, key } = certificate(name);
  const extraConfig = `tls { cert_file: ${JSON.stringify(cert)}, key_file: ${JSON.stringify(key)} }`;
  await withNats(
    async (nats) => {
      const tap = await wiretap(nats.url);
      const service = startClient(
        `tls://localhost:${new URL(`nats://${tap.at}`).port}`,
        known ? cert : undefined,
      );
      const goesIn = known && name === "localhost";
      if (goesIn) await once(service.child, "exit");
      else await eventually(() => tap.count() >= 3, { what: "it tries again and again" });
      expect(service.output()).toBe(goesIn ? "in\n" : "");
      expect(tap.said()).not.toContain("CONNECT");
    },
    { extraConfig },
  );
});
