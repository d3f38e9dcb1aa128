import { cut } from "@baton/contracts";
import type { z } from "zod";

import { BrokerError, EXPLICIT_REFUSALS } from "./broker-error.ts";
import { Refusal } from "./order.ts";

/** Largest answer that is read, in bytes: 500 orders need about a quarter of it. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** What came back: an answer, or nothing that can be read. */
export type Answer =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: unknown;
      /** When to ask again, as the broker says with a 429: milliseconds from now. */
      readonly waitMs?: number | undefined;
    }
  | { readonly kind: "silence"; readonly message: string; readonly cause: unknown };

/** One request, one answer; never throws, and never sends again what may change something. */
export type Exchange = (
  method: "GET" | "POST" | "PUT" | "DELETE",
  pathAndQuery: string,
  body?: unknown,
) => Promise<Answer>;

/** Requests to the broker at `url`, each with a deadline in milliseconds; a redirect is never followed. */
export function createExchange(options: {
  readonly url: string;
  /** Who asks. */
  readonly headers: Readonly<Record<string, string>>;
  /** The account asked about, where the broker takes it from the address. */
  readonly account?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}): Exchange {
  const timeoutMs = options.timeoutMs ?? 5000;
  return async (method, pathAndQuery, body) => {
    const target = new URL(pathAndQuery, options.url);
    if (options.account !== undefined) target.searchParams.set("account", options.account);
    const deadline = AbortSignal.timeout(timeoutMs);
    const what = `${method} ${target.pathname} at ${target.host}`;
    try {
      const init: RequestInit = {
        method,
        redirect: "error",
        signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
        headers: {
          accept: "application/json",
          ...options.headers,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      };
      const response = await fetch(target, init).catch((cause: unknown) => {
        // The broker may close a connection that was kept alive at the very moment that it's used again.
        if (method === "GET" && wasClosed(cause)) return fetch(target, init);
        throw cause;
      });
      const { status, headers } = response;
      const waitMs = status === 429 ? waitOf(headers, Date.now()) : undefined;
      return { kind: "answer", status, body: await readJson(response), waitMs };
    } catch (cause) {
      return { kind: "silence", message: `${what}: ${silenceReason(cause, timeoutMs)}`, cause };
    }
  };
}

/** Longest wait that is believed, in milliseconds. */
const MAX_WAIT_MS = 300_000;

/** How long a broker that is asked too often wants to be left alone: `Retry-After` in seconds or as a date, else the next window. */
export function waitOf(headers: Pick<Headers, "get">, now: number): number | undefined {
  const after = headers.get("retry-after")?.trim() ?? "";
  const reset = headers.get("x-ratelimit-reset")?.trim() ?? "";
  const seconds = /^\d{1,9}$/;
  let wait = Number.NaN;
  if (seconds.test(after)) wait = Number(after) * 1000;
  else if (after !== "") wait = Date.parse(after) - now;
  else if (/^\d{1,12}$/.test(reset)) wait = Number(reset) * 1000 - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), MAX_WAIT_MS);
}

const CLOSED: ReadonlySet<unknown> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** True if the connection ended before any answer came. */
function wasClosed(cause: unknown): boolean {
  const inner = cause instanceof Error ? cause.cause : undefined;
  return inner instanceof Error && "code" in inner && CLOSED.has(inner.code);
}

function silenceReason(cause: unknown, timeoutMs: number): string {
  if (!(cause instanceof Error)) return "no answer";
  if (cause.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const inner = cause.cause instanceof Error ? `: ${cause.cause.message}` : "";
  return cut(`${cause.message}${inner}`, 200);
}

async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES)
      throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch (cause) {
    // A refusal without JSON is still a refusal: the status decides, not the body.
    if (response.ok) throw new Error("the answer is not JSON", { cause });
    return undefined;
  }
}

/**
 * The broker's refusal, or undefined if the answer isn't one in the broker's own form: a proxy's or a starting
 * service's "not found" says nothing about orders.
 */
export function refusalOf(answer: Answer): (Refusal & { readonly status: number }) | undefined {
  if (answer.kind === "silence" || !EXPLICIT_REFUSALS.has(answer.status)) return undefined;
  const parsed = Refusal.safeParse(answer.body);
  if (!parsed.success) return undefined;
  const { code, message } = parsed.data;
  return { status: answer.status, code, message: cut(message, 300) };
}

/** The body of a successful answer, parsed by `schema`; throws a BrokerError for anything else. */
export function expectBody<T>(answer: Answer, schema: z.ZodType<T>): T {
  if (answer.kind === "silence")
    throw new BrokerError(`the broker can't be asked: ${answer.message}`, undefined, {
      cause: answer.cause,
    });
  if (answer.status < 200 || answer.status > 299) {
    const refusal = refusalOf(answer);
    const says = refusal ? ` (${refusal.code}): ${refusal.message}` : " without saying why";
    const message = `the broker answered HTTP ${answer.status}${says}`;
    throw new BrokerError(message, answer.status, { refused: refusal !== undefined });
  }
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  throw new BrokerError(
    cut(`the broker's answer has another form: ${parsed.error.message}`, 400),
    undefined,
  );
}
