import { createServer } from "node:http";

import { onTestFinished } from "vitest";

/** For tests: a real HTTP endpoint for OTLP that keeps what it was sent. */
export interface Collector {
  readonly url: string;
  /** Paths and bodies, the latter as hex, in which names and ids can be looked for. */
  readonly received: readonly { path: string; hex: string }[];
}

/** Starts a collector; one that's `mute` accepts everything and never answers. */
export async function startCollector({ mute = false } = {}): Promise<Collector> {
  const received: { path: string; hex: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ path: request.url ?? "", hex: Buffer.concat(chunks).toString("hex") });
      if (!mute) response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return { url: `http://127.0.0.1:${port}`, received };
}
