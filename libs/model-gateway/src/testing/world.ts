/** A gateway in front of a provider that is written in the test. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";
import type { z } from "zod";

import type { Amount, Budget } from "../budget.ts";
import type { CallFact } from "../call-fact.ts";
import type { GatewayConfig } from "../gateway-config.ts";
import { type Gateway, openGateway, type OpenAttempt } from "../gateway.ts";

export const KEY = "sk-the-providers-own-key";
export const MODEL = "model-1";

/** What the provider was asked. */
export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
}

/** Sends events as a stream; it may go on. */
export function stream(response: ServerResponse, ...events: unknown[]): void {
  if (!response.headersSent) response.setHeader("content-type", "text/event-stream; charset=utf-8");
  for (const event of events) response.write(`event: x\r\ndata: ${JSON.stringify(event)}\r\n\r\n`);
}

export type Provider = (asked: Asked, response: ServerResponse) => void;

export interface World extends OpenAttempt {
  readonly gateway: Gateway;
  readonly asked: Asked[];
  readonly facts: CallFact[];
  readonly faults: unknown[];
  readonly keyFile: string;
}

export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "baton-gateway-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function keyFileWith(text: string): string {
  const file = join(temporary(), "key");
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

export async function listening(provider: Provider, asked: Asked[] = []): Promise<string> {
  const server = createServer((incoming, response) => {
    let text = "";
    incoming.on("data", (chunk: Buffer) => (text += String(chunk)));
    incoming.on("end", () => {
      const call = { path: incoming.url ?? "", headers: incoming.headers, body: JSON.parse(text) };
      asked.push(call);
      provider(call, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  return `http://127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
}

/** 1 for a token of input, 2 for one of output, a tenth for a cached one: in millionths. */
export const PRICE = { input: 1, cachedInput: 0.1, output: 2, maxOutput: 10_000 };

export async function world(
  provider: Provider,
  {
    budgets = [],
    record,
    ...config
  }: Partial<z.input<typeof GatewayConfig>> & {
    budgets?: readonly Budget[];
    record?: (fact: CallFact) => void;
  } = {},
): Promise<World> {
  const asked: Asked[] = [];
  const url = await listening(provider, asked);
  const keyFile = keyFileWith(`${KEY}\n`);
  const gateway = openGateway({
    upstreams: { responses: { url, keyFile }, messages: { url, keyFile } },
    models: { [MODEL]: PRICE },
    allowHttpOnLoopback: true,
    ...config,
  });
  const facts: CallFact[] = [];
  const faults: unknown[] = [];
  const attempt = await gateway.open({
    budgets,
    record(fact) {
      record?.(fact);
      facts.push(fact);
    },
    onFault: (error) => void faults.push(error),
    loopback: true,
  });
  onTestFinished(() => gateway.close());
  return { ...attempt, gateway, asked, facts, faults, keyFile };
}

/** Asks the gateway over its socket. */
export function ask(
  { socket, token }: Pick<OpenAttempt, "socket" | "token">,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath: socket,
        path,
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          ...headers,
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve(
            new Response(Buffer.concat(parts), {
              status: answer.statusCode ?? 0,
              headers: Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
            }),
          ),
        );
      },
    );
    call.on("error", reject);
    call.end(typeof body === "string" ? body : JSON.stringify(body));
  });
}

export const askResponses = (
  attempt: Pick<OpenAttempt, "socket" | "token">,
  body: Record<string, unknown> = {},
): Promise<Response> => ask(attempt, "/v1/responses", { model: MODEL, input: "hi", ...body });

export const askMessages = (
  attempt: Pick<OpenAttempt, "socket" | "token">,
  body: Record<string, unknown> = {},
): Promise<Response> =>
  ask(attempt, "/v1/messages?beta=true", { model: MODEL, max_tokens: 100, messages: [], ...body });

/** A provider that answers with this usage, in the dialect's own words. */
export function answering(input: number, output: number): Provider {
  return ({ path }, response) => {
    response.setHeader("content-type", "application/json");
    const usage = { input_tokens: input, output_tokens: output };
    const type = path.startsWith("/v1/messages") ? { type: "message" } : {};
    response.end(JSON.stringify({ ...type, usage }));
  };
}

export function budget(
  limit: Budget["limit"],
  { scope = "attempt", spent = {} }: { scope?: Budget["scope"]; spent?: Partial<Amount> } = {},
): Budget {
  return { scope, limit, spent: { tokens: 0, micros: 0, calls: 0, ...spent } };
}
