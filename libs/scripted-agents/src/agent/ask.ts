/** One call to a model, asked again as the real command lines do; their pauses are shortened. */
import { setTimeout as delay } from "node:timers/promises";

import { ModelError } from "./agent.ts";
import { type JsonObject, objectAt, textAt } from "./json.ts";

export interface Asking {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  /** How often such an answer is asked again: its status and the code that the body says. */
  readonly retries: (status: number, code: string) => number;
  readonly onRetry?: (told: { attempt: number; most: number; status: number }) => void;
}

const PAUSE_MS = 20;

/** The events of the answer's stream. Throws ModelError. */
export async function ask(asking: Asking): Promise<Record<string, unknown>[]> {
  for (let attempt = 0; ; attempt += 1) {
    const { status, text, mayRetry } = await once(asking);
    if (status === 200) return eventsIn(text);
    const most = mayRetry ? asking.retries(status, codeIn(text)) : 0;
    if (attempt >= most) throw new ModelError(status, `${status} ${messageIn(text)}`);
    asking.onRetry?.({ attempt: attempt + 1, most, status });
    await delay(PAUSE_MS);
  }
}

async function once({ url, headers, body }: Asking) {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const mayRetry = answer.headers.get("x-should-retry") !== "false";
    return { status: answer.status, text: await answer.text(), mayRetry };
  } catch (error) {
    // 0: nobody there. Cut off is like an answer of 500 and more.
    return { status: isUnreachable(error) ? 0 : 599, text: String(error), mayRetry: true };
  }
}

function isUnreachable(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}

function eventsIn(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => JSON.parse(line.slice("data:".length)));
}

function errorIn(text: string): JsonObject {
  try {
    return objectAt(JSON.parse(text), "error");
  } catch {
    return {};
  }
}

function codeIn(text: string): string {
  return textAt(errorIn(text), "code") || textAt(errorIn(text), "type");
}

function messageIn(text: string): string {
  return textAt(errorIn(text), "message") || text.slice(0, 200);
}
