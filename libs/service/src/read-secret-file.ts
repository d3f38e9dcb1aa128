import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** A secret's text, or why it can't be had. */
export type SecretRead = { ok: true; text: string } | { ok: false; rule: string; action: string };

const MAX_BYTES = 65_536;

/**
 * Reads a secret from a file that only its owner may read (mode 0600 or 0400).
 *
 * One newline at the end is dropped, as editors add it. Links are followed, because mounted secrets
 * are links; the mode that counts is that of the file itself.
 */
export function readSecretFile(path: string): SecretRead {
  let file: number | undefined;
  try {
    // Non-blocking, so that a FIFO without a writer is refused instead of waited for.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) return refusal("must name a regular file", "name the file itself");
    const mode = stat.mode & 0o777;
    if (mode !== 0o600 && mode !== 0o400) {
      const shown = mode.toString(8).padStart(4, "0");
      return refusal(`must have mode 0600 or 0400, but has ${shown}`, "run chmod 600 on the file");
    }
    if (stat.size > MAX_BYTES) {
      return refusal(`must be ${MAX_BYTES} bytes at most`, "name the right file");
    }
    const bytes = Buffer.alloc(stat.size);
    const length = readSync(file, bytes, 0, stat.size, 0);
    return { ok: true, text: bytes.toString("utf8", 0, length).replace(/\r?\n$/, "") };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refusal(`must be readable: ${reason}`, "check the path and the file's owner");
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function refusal(rule: string, action: string): SecretRead {
  return { ok: false, rule, action };
}
