/**
 * One call to the provider and its answer back, byte for byte as it comes: nothing is held up, and what the agent reads slowly is
 * read slowly from the provider.
 *
 * F1: only headers on a list pass, in both directions; a redirect is an error.
 * F2: every wait has an end: to connect, to the first byte, between two pieces in either direction, and in all.
 */
import { once } from "node:events";
import type { Agent, IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

import type { CallEnd } from "./call-fact.ts";
import type { GatewayConfig } from "./gateway-config.ts";

const REQUEST_HEADERS = [
  "accept",
  "anthropic-beta",
  "anthropic-version",
  "content-type",
  "openai-beta",
  "user-agent",
] as const;

const ANSWER_HEADERS = [
  "cache-control",
  "content-encoding",
  "content-type",
  "request-id",
  "retry-after",
  "retry-after-ms",
  "x-request-id",
  "x-should-retry",
] as const;

export interface Forwarded {
  readonly url: URL;
  readonly agent: Agent | false;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly limits: GatewayConfig["limits"];
  readonly answerTo: ServerResponse;
  /** The agent is gone, or the attempt is over. */
  readonly signal: AbortSignal;
  readonly onChunk: (chunk: Buffer) => void;
  /** What is said instead of an answer of this status; undefined lets it pass. */
  readonly instead: (status: number) => (() => void) | undefined;
  /** Once its head is there. */
  readonly onHead: (head: { readonly status: number; readonly contentType: string }) => void;
}

/** How it ended; `sent` if the provider may have got the call. */
export interface ForwardEnd {
  readonly end: CallEnd;
  readonly sent: boolean;
}

/** A deadline passed; its message says which. */
class TooLate extends Error {}

/** The headers of an agent's request that pass. */
export function passedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return pick(headers, REQUEST_HEADERS);
}

function pick(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

/** How far a call came: sent, if the provider may have got it; stale, if it went to a connection that was closed just then. */
interface Progress {
  sent: boolean;
  stale: boolean;
}

export async function forward(call: Forwarded): Promise<ForwardEnd> {
  const first = { sent: false, stale: false };
  try {
    return await untilEnd(call, first);
  } catch (error) {
    if (!first.stale || call.answerTo.headersSent || call.signal.aborted)
      return endOf(call, first, error);
  }
  // A connection that was kept too long says nothing of the provider: another one does.
  const second = { sent: false, stale: false };
  try {
    return await untilEnd({ ...call, agent: false }, second);
  } catch (error) {
    return endOf(call, second, error);
  }
}

function endOf(call: Forwarded, { sent }: Progress, error: unknown): ForwardEnd {
  if (call.signal.aborted) return { end: "agent-left", sent };
  if (error instanceof TooLate) return { end: "deadline", sent };
  return { end: call.answerTo.headersSent ? "cut" : "unreachable", sent };
}

async function untilEnd(call: Forwarded, state: Progress): Promise<ForwardEnd> {
  const { limits, answerTo } = call;
  const all = AbortSignal.timeout(limits.callMs);
  const asked = ask(call, state, AbortSignal.any([call.signal, all]));
  try {
    const answer = await asked.answer;
    const status = answer.statusCode ?? 502;
    const instead = call.instead(status);
    if (instead) {
      instead();
      return { end: "answered", sent: true };
    }
    const headers = pick(answer.headers, ANSWER_HEADERS);
    call.onHead({ status, contentType: headers["content-type"] ?? "" });
    answerTo.writeHead(status, headers);
    answerTo.flushHeaders();
    await pass(answer, call);
    answerTo.end();
    return { end: "answered", sent: true };
  } catch (error) {
    if (all.aborted) throw new TooLate("in all", { cause: error });
    throw error;
  } finally {
    asked.stop();
  }
}

/** Sends the call; the answer's head follows within its time. */
function ask(
  { url, agent, headers, body, limits }: Forwarded,
  state: Progress,
  signal: AbortSignal,
): { readonly answer: Promise<IncomingMessage>; stop(): void } {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const bytes = Buffer.from(body);
  const request = send(url, {
    agent,
    method: "POST",
    signal,
    headers: {
      ...headers,
      // Another encoding would hide the usage.
      "accept-encoding": "identity",
      "content-length": String(bytes.length),
    },
  });
  const late = (what: string) => (): void => void request.destroy(new TooLate(what));
  const connecting = setTimeout(late("to connect"), limits.connectMs);
  let first: NodeJS.Timeout | undefined;
  const connected = (): void => {
    state.sent = true;
    clearTimeout(connecting);
    first = setTimeout(late("to the first byte"), limits.firstByteMs);
  };
  request.once("socket", (socket) => {
    if (!socket.connecting) connected();
    else socket.once(url.protocol === "https:" ? "secureConnect" : "connect", connected);
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", resolve);
    request.on("error", (error: NodeJS.ErrnoException) => {
      state.stale = request.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code ?? "");
      reject(error);
    });
  }).finally(() => [connecting, first].forEach((timer) => clearTimeout(timer)));
  request.end(bytes);
  const done = answer.then(
    (head) => head,
    () => undefined,
  );
  // A connection whose answer came whole serves the next call.
  const stop = (): void => void done.then((head) => head?.complete === true || request.destroy());
  return { answer, stop };
}

/** Every piece as it comes, no faster than it is taken. */
async function pass(answer: IncomingMessage, call: Forwarded): Promise<void> {
  const { answerTo, limits, signal, onChunk } = call;
  const pieces: AsyncIterator<Buffer> = answer[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await within(limits.idleMs, pieces.next());
    if (done === true) return;
    onChunk(value);
    if (!answerTo.write(value)) await within(limits.idleMs, once(answerTo, "drain", { signal }));
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TooLate("between two pieces")), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
