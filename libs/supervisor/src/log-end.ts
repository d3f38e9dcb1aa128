import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const MAX_BYTES = 16 * 1024;

/** The last `lines` lines of a log, or an empty text if it can't be read. */
export function endOfLog(file: string, lines = 12): string {
  let text: string;
  try {
    text = tail(file);
  } catch {
    return "";
  }
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}

function tail(file: string): string {
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, MAX_BYTES));
    const read = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8", 0, read);
  } finally {
    closeSync(descriptor);
  }
}
