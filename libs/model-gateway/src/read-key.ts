import { readPrivateFile, UnsafeFile } from "@baton/files";

import { GatewayFault } from "./gateway-fault.ts";

/** What may stand in a header. */
const KEY = /^[\x21-\x7e]{1,4096}$/;

/** The provider's key, read anew for each call, so that a rotated one counts at once. Throws GatewayFault; never says the key. */
export function readKey(keyFile: string): string {
  const fault = (problem: string, action: string, cause?: unknown): GatewayFault =>
    new GatewayFault("E_MODEL_KEY", `the provider's key: ${problem}`, { action, cause });
  let text: string | undefined;
  try {
    text = readPrivateFile(keyFile);
  } catch (error) {
    if (error instanceof UnsafeFile) throw fault(error.message, error.action, error);
    throw error;
  }
  if (text === undefined)
    throw fault(
      `${keyFile} isn't there`,
      "Put the key into that file, mode 0600, or name another.",
    );
  const key = text.trim();
  if (!KEY.test(key))
    throw fault(
      `${keyFile} must hold one line of printable characters`,
      "Put the key into that file and nothing else.",
    );
  return key;
}
