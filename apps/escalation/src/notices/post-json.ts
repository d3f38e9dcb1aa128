/**
 * One POST of JSON to a receiver that may be anything: slow, broken, talkative. Redirects aren't followed, because a signed or
 * secret request would go where nobody meant it to; of an answer only its first bytes are read.
 */
import { cutTo, printable } from "@baton/text/printable";

import type { TellOutcome } from "./channel.ts";

/** What is sent where. */
export interface Post {
  readonly url: URL;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Blanks secrets in what the receiver said: it may repeat what it was sent. */
  readonly scrub: (text: string) => string;
}

const MAX_ANSWER_BYTES = 2048;
const MAX_SHOWN = 160;
/** The receiver's wish is heeded between these. */
const RETRY_AFTER = { minMs: 1000, maxMs: 900_000 };
/** Of the 4xx those that may pass by themselves. */
const PASSING = new Set([408, 425, 429]);

/** Sends it; 2xx is told. Never rejects but for `signal`'s reason. */
export async function postJson({ url, body, headers, signal, scrub }: Post): Promise<TellOutcome> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/json", "user-agent": "baton-escalation", ...headers },
      body,
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "failed", why: `${url.host}: ${scrub(reasonOf(error))}` };
  }
  const { status } = response;
  if (response.ok) {
    await response.body?.cancel().catch(() => undefined);
    return { kind: "told" };
  }
  const said = scrub(await readStart(response));
  const why = `${url.host} answered ${status}${said === "" ? "" : `: ${said}`}`;
  if (status >= 300 && status < 400)
    return { kind: "refused", why: `${why}; redirects aren't followed: name the final address` };
  if (status < 500 && !PASSING.has(status)) return { kind: "refused", why };
  const retryAfterMs = status === 429 || status === 503 ? retryAfter(response.headers) : undefined;
  return { kind: "failed", why, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** `fetch` hides what happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, message } = error;
  if (!(cause instanceof Error)) return message;
  return cause.message || ("code" in cause ? String(cause.code) : message);
}

/** The beginning of what was said, on one line and safe to print. */
async function readStart(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length >= MAX_ANSWER_BYTES) break;
    }
  } catch {
    // What was said so far has to do; the status counts.
  }
  return cutTo(printable(text.replaceAll(/\s+/g, " ")).trim(), MAX_SHOWN);
}

function retryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? "";
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  if (!Number.isFinite(ms)) return undefined;
  return Math.min(RETRY_AFTER.maxMs, Math.max(RETRY_AFTER.minMs, ms));
}
