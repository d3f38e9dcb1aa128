/** What happens to one request of an agent: looked at, held against the budget, forwarded, counted. */
import { randomUUID } from "node:crypto";
import type { Agent, IncomingMessage, ServerResponse } from "node:http";

import { amountOf, NO_USAGE, NOTHING, type Usage } from "./budget.ts";
import type { CallFact, Counted } from "./call-fact.ts";
import type { Dialect } from "./dialect.ts";
import { dialectOf } from "./dialects.ts";
import { forward, type ForwardEnd, passedHeaders } from "./forward.ts";
import { type GatewayConfig, type ModelPrice, priceOf, type Upstream } from "./gateway-config.ts";
import type { Held, Ledger } from "./ledger.ts";
import { type Place, readBody, type Room } from "./read-body.ts";
import { type ModelCall, readCall } from "./read-call.ts";
import { readKey } from "./read-key.ts";
import { awayRefusal, fault, refusalOf, refuse, Refused } from "./refusal.ts";
import { type UsageMeter, usageMeter } from "./usage-meter.ts";

/** One attempt, as its calls see it. */
export interface Attempt {
  readonly config: GatewayConfig;
  readonly agents: { readonly http: Agent; readonly https: Agent };
  readonly ledger: Ledger;
  /** Rejects if a fact can't be stored. */
  readonly record: (fact: CallFact) => Promise<void>;
  readonly refused: (fact: Extract<CallFact, { kind: "refused" }>) => void;
  /** True as long as calls that cost nothing may be made. */
  readonly mayAskFree: () => boolean;
  readonly signal: AbortSignal;
  readonly room: Room;
}

export async function serveCall(
  attempt: Attempt,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => response.writableFinished || gone.abort());
  const signal = AbortSignal.any([attempt.signal, gone.signal]);
  const place = { taken: 0 };
  try {
    await serve(attempt, { request, response, signal, place });
  } catch (error) {
    if (error instanceof Refused) refuse(attempt, response, error.refusal);
    else if (!signal.aborted) throw error;
  } finally {
    attempt.room.left += place.taken;
  }
  if (!response.writableEnded) response.destroy();
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
  readonly place: Place;
}

async function serve(attempt: Attempt, exchange: Exchange): Promise<void> {
  const { request, response, signal } = exchange;
  const { dialect, isFree, upstream, search } = routeOf(attempt.config, request);
  const call = await callOf(attempt, dialect, exchange);
  const price = priceOf(attempt.config, call.model);
  if (!price)
    throw fault(dialect, "E_MODEL_UNKNOWN", {
      message: `model ${call.model} has no price, so it isn't called; add it to the gateway's models`,
    });
  const key = keyOf(dialect, upstream);
  const wish = { price, input: call.input, output: call.output ?? price.maxOutput };
  if (isFree && !attempt.mayAskFree())
    throw fault(dialect, "E_MODEL_BUSY", { message: "too many calls that cost nothing" });
  const held = isFree ? freely() : await hold(attempt, dialect, { wish, signal });
  const url = new URL(upstream.url.replace(/\/+$/, "") + pathOf(request) + search);
  const send = { url, headers: { ...passedHeaders(request.headers), ...dialect.keyHeader(key) } };
  await carry(attempt, { dialect, call, price, held, isFree, send, response, signal });
}

function freely(): Held {
  return { output: Number.POSITIVE_INFINITY, holds: NOTHING, settle: () => undefined };
}

interface Carried {
  readonly dialect: Dialect;
  readonly call: ModelCall;
  readonly price: ModelPrice;
  readonly held: Held;
  readonly isFree: boolean;
  readonly send: { readonly url: URL; readonly headers: Record<string, string> };
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

/** Recorded before, forwarded, counted after. */
async function carry(attempt: Attempt, carried: Carried): Promise<void> {
  const { dialect, call, price, held, isFree } = carried;
  const about = { id: randomUUID(), dialect: dialect.name, model: call.model };
  const cappedTo = held.output < (call.output ?? price.maxOutput) ? held.output : undefined;
  let took = held.holds;
  try {
    if (!isFree)
      await begin(attempt, carried, { ...about, ...(cappedTo !== undefined && { cappedTo }) });
    const startedMs = performance.now();
    const seen = await exchangeWith(attempt, carried, cappedTo);
    if (isFree) return;
    const { counted, usage } = count(seen, carried);
    took = amountOf(usage, price);
    await attempt.record({
      kind: "ended",
      at: new Date().toISOString(),
      ...about,
      ...(seen.status !== undefined && { status: seen.status }),
      end: seen.end,
      ms: Math.round(performance.now() - startedMs),
      counted,
      usage,
      micros: took.micros,
    });
  } finally {
    held.settle(took);
  }
}

type Begun = Extract<CallFact, { kind: "begun" }>;

async function begin(
  { record }: Attempt,
  { call, held, dialect }: Carried,
  about: Pick<Begun, "id" | "dialect" | "model" | "cappedTo">,
): Promise<void> {
  const { toolsRemoved } = call;
  const at = new Date().toISOString();
  const fact = { ...about, ...(toolsRemoved > 0 && { toolsRemoved }) };
  try {
    await record({ kind: "begun", at, holds: held.holds, ...fact });
  } catch {
    held.settle(NOTHING);
    // What can't be written down isn't spent.
    throw fault(dialect, "E_MODEL_RECORD", {
      message: "the call can't be recorded, so it isn't made",
      status: 503,
    });
  }
}

interface Seen extends ForwardEnd {
  readonly status: number | undefined;
  readonly meter: UsageMeter | undefined;
}

async function exchangeWith(
  attempt: Attempt,
  { dialect, call, send, response, signal }: Carried,
  cappedTo: number | undefined,
): Promise<Seen> {
  let status: number | undefined;
  let meter: UsageMeter | undefined;
  const { config, agents } = attempt;
  const ended = await forward({
    ...send,
    agent: send.url.protocol === "https:" ? agents.https : agents.http,
    body: call.write(cappedTo),
    limits: config.limits,
    answerTo: response,
    signal,
    instead(code) {
      status = code;
      const refusal = refusalOf(dialect, code);
      return refusal && (() => refuse(attempt, response, refusal));
    },
    onHead(head) {
      meter = usageMeter(dialect, head.contentType);
    },
    onChunk: (chunk) => meter?.push(chunk),
  });
  const failed = ended.end === "unreachable" || ended.end === "deadline";
  if (failed && !response.headersSent) refuse(attempt, response, awayRefusal(dialect, ended.end));
  return { ...ended, status, meter };
}

/** What the call took, by its answer; by an upper bound where that doesn't say. */
function count(
  { status, sent, meter }: Seen,
  { call, held }: Carried,
): { counted: Counted; usage: Usage } {
  const read = meter?.read();
  if (read?.usage && read.isFinal) return { counted: "told", usage: read.usage };
  // Errors aren't charged for.
  if (!sent || (status !== undefined && status >= 300))
    return { counted: "nothing", usage: NO_USAGE };
  const known = read?.usage;
  const input = known ?? { ...NO_USAGE, input: call.input.atMost };
  return {
    counted: "bound",
    usage: { ...input, output: Math.max(held.output, known?.output ?? 0) },
  };
}

async function hold(
  { ledger }: Attempt,
  dialect: Dialect,
  { wish, signal }: { wish: Parameters<Ledger["hold"]>[0]; signal: AbortSignal },
): Promise<Held> {
  const answer = await ledger.hold(wish, signal);
  if (!("kind" in answer)) return answer;
  if (answer.kind === "busy")
    throw fault(dialect, "E_MODEL_BUSY", { message: "too many calls at once", status: 429 });
  const { scope, measure, limit, spent } = answer.because;
  const message = `E_MODEL_BUDGET: the ${scope}'s budget is spent: ${spent} of ${limit} ${measure}`;
  const refusal = { code: "E_MODEL_BUDGET", answer: dialect.stop(message) } as const;
  throw new Refused({ ...refusal, because: answer.because });
}

function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?")[0] ?? "/";
}

/** Where a request goes; of a query only the one that Claude Code sends passes. */
function routeOf(
  { upstreams }: GatewayConfig,
  request: IncomingMessage,
): { dialect: Dialect; isFree: boolean; upstream: Upstream; search: string } {
  const found = request.method === "POST" ? dialectOf(pathOf(request)) : undefined;
  const upstream = found && upstreams[found.dialect.name];
  if (found && upstream)
    return { ...found, upstream, search: request.url?.endsWith("?beta=true") ? "?beta=true" : "" };
  const message = "E_MODEL_PATH: this gateway doesn't serve that";
  const body = { type: "error", error: { type: "not_found_error", message } };
  throw new Refused({ code: "E_MODEL_PATH", answer: { status: 404, headers: {}, body } });
}

async function callOf(
  { config, room }: Attempt,
  dialect: Dialect,
  { request, place }: Exchange,
): Promise<ModelCall> {
  const body = await readBody(request, config.limits, { room, place });
  if (!body.ok) {
    const { problem, isBusy } = body;
    if (isBusy) throw fault(dialect, "E_MODEL_BUSY", { message: problem, status: 429 });
    throw fault(dialect, "E_MODEL_CALL", { message: problem });
  }
  const read = readCall(dialect, body.text, config);
  if (read.ok) return read.call;
  throw fault(dialect, "E_MODEL_CALL", { message: `${read.where}: ${read.rule}` });
}

function keyOf(dialect: Dialect, { keyFile }: Upstream): string {
  try {
    return readKey(keyFile);
  } catch {
    const message = "E_MODEL_KEY: the gateway's key can't be read; an operator must look";
    throw new Refused({ code: "E_MODEL_KEY", answer: dialect.stop(message) });
  }
}
