import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { z } from "zod";

/** Where a server says it listens, in its ports file. */
const Ports = z.object({
  nats: z.array(z.string()).min(1),
  monitoring: z.array(z.string()).default([]),
});

/** The greeting of a nats-server, as far as it's used here. */
const Info = z.object({
  server_id: z.string(),
  server_name: z.string().default(""),
  version: z.string(),
  jetstream: z.boolean().default(false),
});
export type ServerInfo = z.infer<typeof Info>;

const POLL_MS = 5;
const MAX_INFO_BYTES = 64 * 1024;

/** The addresses of a server that takes connections, once it does; rejects with `signal`'s reason. */
export async function waitUntilReady(
  portsFile: string,
  signal: AbortSignal,
): Promise<{ url: string; monitorUrl: string | undefined; info: ServerInfo }> {
  for (;;) {
    const ports = readPorts(portsFile);
    const url = nearest(ports?.nats ?? []);
    const info = url === undefined ? undefined : await readInfo(url, signal);
    // It greets only after it has recovered its streams, but only this says that JetStream is on.
    if (url !== undefined && info?.jetstream === true) {
      return { url, monitorUrl: nearest(ports?.monitoring ?? []), info };
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

/** Of a server that listens on every address, the one that works from here whatever the network. */
function nearest(urls: readonly string[]): string | undefined {
  return urls.find((url) => /\/\/(?:127\.|localhost|\[::1\])/.test(url)) ?? urls[0];
}

/** True if a nats-server greets at `url` within `withinMs`. */
export async function answersAsNats(url: string, withinMs: number): Promise<boolean> {
  return (await readInfo(url, AbortSignal.timeout(withinMs))) !== undefined;
}

/** What the server at `url` greets with, or undefined if there's none. */
export function readInfo(url: string, signal: AbortSignal): Promise<ServerInfo | undefined> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), signal });
    const settle = (info: ServerInfo | undefined): void => {
      resolve(info);
      socket.destroy();
    };
    let text = "";
    socket
      .setTimeout(1000, () => settle(undefined))
      .setEncoding("utf8")
      .on("error", () => settle(undefined))
      .on("close", () => settle(undefined))
      .on("data", (chunk: string) => {
        text += chunk;
        const [, json] = /^INFO (\{.*\})\s*\r\n/.exec(text) ?? [];
        if (json !== undefined) settle(parsed(json, Info));
        else if (text.length > MAX_INFO_BYTES) settle(undefined);
      });
  });
}

function readPorts(file: string): z.infer<typeof Ports> | undefined {
  try {
    return parsed(readFileSync(file, "utf8"), Ports);
  } catch {
    return undefined;
  }
}

function parsed<T>(json: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
