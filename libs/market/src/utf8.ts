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
      next: "save the file as UTF-8",
      cause,
    });
  }
}

const NEWLINE = 0x0a;

/** The longest prefix that may still become valid text, found by halving: a prefix cut inside a character is valid so far. */
function firstBadByte(bytes: Uint8Array): number {
  const validSoFar = (length: number) => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let good = 0;
  let bad = bytes.length;
  // All bytes valid so far: the text ends inside a character, and its last byte is to blame.
  if (validSoFar(bad)) return bytes.length - 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (validSoFar(middle)) good = middle;
    else bad = middle;
  }
  return bad - 1;
}
