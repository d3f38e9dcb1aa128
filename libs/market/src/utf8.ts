import { MarketError } from "./market-error.ts";

/** Decodes UTF-8 strictly, a byte order mark dropped; a bad byte is named by line and column (in bytes). */
export function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const at = firstBadByte(bytes);
    const before = bytes.subarray(0, at);
    const line = before.reduce((count, byte) => (byte === NEWLINE ? count + 1 : count), 1);
    const column = at - before.lastIndexOf(NEWLINE);
    throw new MarketError({
      code: "E_INVALID",
      class: "spec",
      where: `${where} line ${line}, byte ${column}`,
      value: `0x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`,
      rule: "text in UTF-8",
      action: "save the file as UTF-8",
      cause,
    });
  }
}

const NEWLINE = 0x0a;

function isText(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}

/** Where the first sequence of bytes begins that isn't a character. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length + 1;
  // By halving: a prefix that ends inside a character counts as good, as more bytes may complete it.
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isText(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  // Back to the start of that unfinished character, of at most four bytes.
  while (good > 0 && !isText(bytes.subarray(0, good), false)) good -= 1;
  return good;
}
