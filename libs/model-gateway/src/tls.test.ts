import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";

import { KEY, keyFileWith, temporary } from "./testing/world.ts";

const run = promisify(execFile);

/** A provider with a certificate of its own making. */
async function provider() {
  const folder = temporary();
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
  ];
  const about = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", key, "-out", cert];
  execFileSync("openssl", [...made, ...about, ...files], { stdio: "ignore" });
  const seen = { connections: 0, keys: [] as unknown[] };
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = createServer(options, (incoming, response) => {
    seen.keys.push(incoming.headers["x-api-key"]);
    incoming.resume().on("end", () => {
      response.setHeader("content-type", "application/json");
      response.end('{"type":"message","usage":{"input_tokens":2,"output_tokens":1}}');
    });
  });
  server.on("secureConnection", () => (seen.connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  const port = typeof bound === "object" ? bound?.port : undefined;
  return { url: `https://localhost:${port}/`, cert, seen };
}

async function ask(url: string, trusted: Record<string, string>) {
  const program = join(import.meta.dirname, "testing/ask-over-tls.ts");
  const env = { PATH: process.env["PATH"], ...trusted };
  const { stdout } = await run(process.execPath, [program, url, keyFileWith(KEY)], { env });
  return JSON.parse(stdout);
}

test("a provider with a certificate that counts is asked over TLS, over one connection", async () => {
  const { url, cert, seen } = await provider();
  const { statuses, facts } = await ask(url, { NODE_EXTRA_CA_CERTS: cert });
  expect(statuses).toEqual([200, 200]);
  expect(seen).toEqual({ connections: 1, keys: [KEY, KEY] });
  expect(facts[1]).toMatchObject({ kind: "ended", counted: "told", micros: 3 });
});

test("one with any other certificate isn't asked, and sees no key", async () => {
  const { url, seen } = await provider();
  const { statuses, facts } = await ask(url, {});
  expect(statuses).toEqual([502, 502]);
  expect(seen.keys).toEqual([]);
  expect(facts).toContainEqual(
    expect.objectContaining({ kind: "ended", end: "unreachable", counted: "nothing" }),
  );
});
