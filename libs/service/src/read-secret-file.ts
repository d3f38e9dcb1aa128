import { readPrivateFile, UnsafeFile } from "@baton/files";

/** A secret's text, or why it can't be had. */
export type SecretRead = { ok: true; text: string } | { ok: false; rule: string; action: string };

/** Reads a secret from a file that only its owner may read. One newline at the end is dropped, as editors add it. */
export function readSecretFile(path: string): SecretRead {
  try {
    const text = readPrivateFile(path);
    if (text !== undefined) return { ok: true, text: text.replace(/\r?\n$/, "") };
    return { ok: false, rule: "must name a file that is there", action: "check the path" };
  } catch (error) {
    if (!(error instanceof UnsafeFile)) throw error;
    return { ok: false, rule: error.rule, action: error.action };
  }
}
