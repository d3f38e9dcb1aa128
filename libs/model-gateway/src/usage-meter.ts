/** Reads the usage out of an answer that passes by, stream or not, without holding it up. */
import type { Usage } from "./budget.ts";
import type { Dialect } from "./dialect.ts";
import { parseObject } from "./json.ts";

export interface UsageMeter {
  push(this: void, chunk: Buffer): void;
  /** After the last chunk. `isFinal` if the answer said how much it was in all. */
  read(this: void): { readonly usage: Usage | undefined; readonly isFinal: boolean };
}

/** Longest line of a stream, or whole body, that is looked at; the last event repeats the whole answer. */
const MOST_BYTES = 32 * 2 ** 20;
const NEWLINE = 10;

export function usageMeter(dialect: Dialect, contentType: string): UsageMeter {
  let usage: Usage | undefined;
  let isFinal = false;
  const look = (text: string): void => {
    // Nearly all events say nothing of it.
    if (!text.includes('"usage"')) return;
    const event = parseObject(text);
    if (!event) return;
    usage = dialect.usageIn(event, usage);
    isFinal ||= usage !== undefined && dialect.isLast(event);
  };
  const isStream = /^text\/event-stream\b/i.test(contentType);
  const lines = isStream ? streamLines((line) => look(dataOf(line))) : undefined;
  const body = boundedBytes();
  return {
    push: (chunk) => (lines ? lines.push(chunk) : body.push(chunk)),
    read() {
      if (lines) lines.end();
      else look(body.take());
      return { usage, isFinal };
    },
  };
}

function dataOf(line: string): string {
  return line.startsWith("data:") ? line.slice("data:".length).trim() : "";
}

function streamLines(told: (line: string) => void): { push(chunk: Buffer): void; end(): void } {
  const rest = boundedBytes();
  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        rest.push(chunk.subarray(from, at));
        told(rest.take());
        from = at + 1;
      }
      rest.push(chunk.subarray(from));
    },
    end: () => told(rest.take()),
  };
}

/** What was pushed since it was last taken; nothing if that was too much. */
function boundedBytes(): { push(bytes: Buffer): void; take(): string } {
  let parts: Buffer[] = [];
  let length = 0;
  return {
    push(bytes) {
      length += bytes.length;
      if (length > MOST_BYTES) parts = [];
      else if (bytes.length > 0) parts.push(bytes);
    },
    take() {
      const text = length > MOST_BYTES ? "" : Buffer.concat(parts).toString("utf8");
      parts = [];
      length = 0;
      return text;
    },
  };
}
