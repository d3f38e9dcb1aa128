/** What the gateway answers in its own name. */
import type { ServerResponse } from "node:http";

import type { Spent } from "./budget.ts";
import type { CallEnd, CallFact, RefusalCode } from "./call-fact.ts";
import type { Dialect, OwnAnswer } from "./dialect.ts";

/** The gateway's own answer. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly answer: OwnAnswer;
  readonly because?: Spent;
}

export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/** The call can't be made as it is. */
export function fault(
  dialect: Dialect,
  code: RefusalCode,
  { message, status = 400 }: { message: string; status?: number },
): Refused {
  return new Refused({ code, answer: dialect.fault(status, `${code}: ${message}`) });
}

/** A provider's answer that the agent doesn't get to see. */
export function refusalOf(dialect: Dialect, status: number): Refusal | undefined {
  if (status === 401 || status === 403) {
    const message = `E_MODEL_KEY: the provider refuses the gateway's key (${status}); an operator must look`;
    return { code: "E_MODEL_KEY", answer: dialect.stop(message) };
  }
  if (status < 300 || status >= 400) return undefined;
  const message = `E_MODEL_UPSTREAM: the provider answered with a redirect (${status}), which isn't followed`;
  return { code: "E_MODEL_UPSTREAM", answer: dialect.fault(502, message) };
}

export function awayRefusal(dialect: Dialect, end: CallEnd): Refusal {
  const late = end === "deadline";
  const message = `E_MODEL_UPSTREAM: the provider ${late ? "didn't answer in time" : "can't be reached"}`;
  return { code: "E_MODEL_UPSTREAM", answer: dialect.fault(late ? 504 : 502, message) };
}

/** Answers an agent in the gateway's own name, and tells of it. */
export function refuse(
  attempt: { readonly refused: (fact: Extract<CallFact, { kind: "refused" }>) => void },
  response: ServerResponse,
  refusal: Refusal,
): void {
  const { code, answer, because } = refusal;
  const at = new Date().toISOString();
  attempt.refused({ kind: "refused", at, code, ...(because && { because }) });
  if (response.headersSent) return;
  const body = JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    // What of the request wasn't read isn't waited for.
    ...(!response.req.complete && { connection: "close" }),
    ...answer.headers,
    "x-baton-refused": code,
  });
  response.end(body);
}
