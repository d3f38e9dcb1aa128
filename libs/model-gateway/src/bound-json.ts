/** Looks at JSON before it is read: a few megabytes of `[[],[],…` would become hundreds in memory. Pure. */

/** A long conversation with all its tools has some ten thousand. */
const MOST_VALUES = 500_000;
const MOST_DEPTH = 200;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);

/** What is wrong with its form, if it is JSON at all. */
export function formProblem(text: string): string | undefined {
  let values = 1;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) values += 1;
    else if (OPEN.has(code)) {
      values += 1;
      depth += 1;
    } else if (CLOSE.has(code)) depth -= 1;
    if (depth > MOST_DEPTH) return `may be nested ${MOST_DEPTH} deep at most`;
    if (values > MOST_VALUES) return `may hold ${MOST_VALUES} values at most`;
  }
  return undefined;
}

/** Where the string that begins at `start` ends. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}
