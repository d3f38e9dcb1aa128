/** A model's API on this machine that answers by a script, in both dialects. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import { type Event, eventsOf } from "./events.ts";
import { type Answer, answerTo, type Call, type Script } from "./script.ts";

export interface ScriptedModel extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Every call with the right key, in order. */
  readonly calls: readonly Call[];
  /** What is answered from now on. */
  play(this: void, scripts: readonly Script[]): void;
  close(this: void): Promise<void>;
}

export interface ScriptedModelOptions {
  /** A call with another key is answered with 401. */
  readonly key: string;
  readonly scripts: readonly Script[];
  /** Default: any free one. */
  readonly port?: number;
}

export async function startScriptedModel(options: ScriptedModelOptions): Promise<ScriptedModel> {
  const calls: Call[] = [];
  let { scripts } = options;
  let count = 0;
  const over = new AbortController();
  const server = createServer((request, response) => {
    const answered = answer(request, response).catch(() => response.destroy());
    void answered;
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request);
    const call = callOf(request, text);
    if (!call) return fail(response, 404, "not_found_error");
    if (!hasKey(request, options.key)) return fail(response, 401, "authentication_error");
    calls.push(call);
    const found = answerTo(call, text, scripts);
    if (found.afterMs !== undefined) await delay(found.afterMs, undefined, over);
    count += 1;
    send(response, found, eventsOf(call, found, `scripted_${count}`));
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      over.abort();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    play: (next) => void (scripts = next),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

function callOf({ method, url = "", headers }: IncomingMessage, text: string): Call | undefined {
  const path = url.split("?")[0];
  const dialect =
    path === "/v1/responses" ? "responses" : path === "/v1/messages" ? "messages" : undefined;
  return method === "POST" && dialect ? { dialect, headers, body: JSON.parse(text) } : undefined;
}

function hasKey({ headers }: IncomingMessage, key: string): boolean {
  return headers.authorization === `Bearer ${key}` || headers["x-api-key"] === key;
}

function send(response: ServerResponse, answer: Answer, events: readonly Event[]): void {
  if (answer.error) {
    for (const [name, value] of Object.entries(answer.error.headers ?? {}))
      response.setHeader(name, value);
    return fail(response, answer.error.status, answer.error.code ?? "scripted");
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const sent = answer.breaks === undefined ? events : events.slice(0, 1);
  for (const event of sent)
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  if (answer.breaks === "cut") setImmediate(() => response.destroy());
  else if (answer.breaks === undefined) response.end();
}

function fail(response: ServerResponse, status: number, code: string): void {
  const error = { type: code, code, message: `scripted: ${status} ${code}` };
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ type: "error", error }));
}
