/** A real HTTP server that speaks just enough of Git's protocol (version 2) to do harm. */
import { createServer, type ServerResponse } from "node:http";

import { onTestFinished } from "vitest";

/** What it does to whoever asks: refs or a pack without end, a byte at a time, a name that no file system takes. */
export type Harm = "endless-refs" | "endless-pack" | "drip" | "huge-name";

const COMMIT = "1".repeat(40);
const FLUSH = Buffer.from("0000");

/** The address of one repository there. */
export async function hostileServer(harm: Harm): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(harm, Buffer.concat(chunks).toString("latin1"), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}/gitops.git`;
}

function packet(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
}

function answer(harm: Harm, body: string, response: ServerResponse): void {
  response.on("error", () => undefined);
  if (body === "") {
    response.setHeader("content-type", "application/x-git-upload-pack-advertisement");
    const able = ["version 2\n", "ls-refs\n", "fetch\n", "object-format=sha1\n"];
    const service = packet("# service=git-upload-pack\n");
    response.end(Buffer.concat([service, FLUSH, ...able.map((line) => packet(line)), FLUSH]));
    return;
  }
  response.setHeader("content-type", "application/x-git-upload-pack-result");
  if (!body.includes("command=ls-refs")) return endlessPack(response);
  if (harm === "endless-refs") return endlessRefs(response);
  if (harm === "drip") return drip(response);
  const main = packet(`${COMMIT} refs/heads/main\n`);
  const huge = packet(`${COMMIT} refs/heads/main${"x".repeat(60_000)}\n`);
  response.end(Buffer.concat(harm === "huge-name" ? [huge, FLUSH] : [main, FLUSH]));
}

function endlessRefs(response: ServerResponse): void {
  let count = 0;
  endless(response, () => {
    const line = () => packet(`${COMMIT} refs/heads/main${"y".repeat(500)}${count++}\n`);
    return Buffer.concat(Array.from({ length: 200 }, line));
  });
}

/** One object of 16 GiB, as it says, of stored blocks: what comes is what is written. */
function endlessPack(response: ServerResponse): void {
  const side = (bytes: readonly number[] | Buffer) =>
    packet(Buffer.concat([Buffer.from([1]), Buffer.from(bytes)]));
  const head = [...Buffer.from("PACK"), 0, 0, 0, 2, 0, 0, 0xff, 0xff];
  // Type 3 (a blob) and its size, seven bits at a time, the first four beside the type.
  const blob = [0xb0, 0x80, 0x80, 0x80, 0x80, 0x04, 0x78, 0x01];
  response.write(Buffer.concat([packet("packfile\n"), side(head), side(blob)]));
  const block = Buffer.alloc(65_005, 7);
  block.writeUInt8(0, 0);
  block.writeUInt16LE(65_000, 1);
  block.writeUInt16LE(65_000 ^ 0xffff, 3);
  const sent = side(block);
  endless(response, () => sent);
}

function endless(response: ServerResponse, next: () => Buffer): void {
  const send = (): void => {
    while (!response.destroyed) {
      if (response.write(next())) continue;
      response.once("drain", send);
      return;
    }
  };
  send();
}

/** Fast enough for whoever only asks whether something comes at all. */
function drip(response: ServerResponse): void {
  // A packet that is long in coming.
  response.write("fff0");
  const timer = setInterval(() => response.write("0"), 20);
  response.once("close", () => clearInterval(timer));
}
