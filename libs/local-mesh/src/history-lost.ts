import { setTimeout as delay } from "node:timers/promises";

import type { MeshDirectory } from "@baton/client";
import { readAddress } from "@baton/supervisor";
import { z } from "zod";

const LOOK_MS = 300;
const Report = z.object({
  checks: z.array(z.object({ name: z.string(), reason: z.string().nullable() })),
});

/**
 * Resolves when the coordinator says that something of the mesh's history is lost, with words for whoever started it; never where
 * nothing is, or after the signal is aborted.
 */
export async function historyLost(directory: MeshDirectory, signal: AbortSignal): Promise<string> {
  while (!signal.aborted) {
    const reason = await reasonNow(directory, signal);
    if (reason !== undefined)
      return `${reason}\nNothing is decided, promoted or increased until it is brought back, or accepted as lost from another terminal; then start \`baton up\` again.`;
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return new Promise(() => undefined);
}

async function reasonNow(
  { addressFileOf }: MeshDirectory,
  signal: AbortSignal,
): Promise<string | undefined> {
  const address = readAddress(addressFileOf("coordinator"));
  if (address === undefined) return undefined;
  try {
    const response = await fetch(`${address}/readyz`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]),
    });
    if (response.ok) return undefined;
    const { checks } = Report.parse(await response.json());
    return checks.find(({ reason }) => reason?.startsWith("E_LOG_RESET"))?.reason ?? undefined;
  } catch {
    // Not there yet.
    return undefined;
  }
}
