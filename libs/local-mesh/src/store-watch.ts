/**
 * Brings nats-server back after a write error: it stores nothing more in the streams it met one in, also once the disk has room
 * again, until it's started anew.
 *
 * D1: restarted only where the coordinator says that nothing is stored, and the disk has room: on a full one it would gain
 *     nothing, and might not come up.
 */
import { freeBytes, fullText, ROOM_BYTES } from "@baton/client";
import { z } from "zod";

/** Between two looks, in milliseconds. */
const EVERY_MS = 5000;
/** After a restart it's left alone for so many looks: recovering a store takes a while. */
const PATIENCE = 12;
const ANSWER_MS = 2000;

/** What a watch works with. */
export interface StoreWatchParts {
  /** Where the server keeps its streams. */
  readonly storeDir: string;
  /** Why what is written isn't stored; undefined if it is, or if nobody knows. */
  readonly trouble: () => Promise<string | undefined>;
  readonly restart: () => void;
  readonly tell: (line: string) => void;
  readonly everyMs?: number;
  readonly roomBytes?: number;
}

/** Watches from now on. */
export function watchStore(parts: StoreWatchParts): Disposable {
  const { storeDir, trouble, restart, tell, roomBytes = ROOM_BYTES } = parts;
  let quiet = 0;
  let told = false;
  let looking = false;
  const look = async (): Promise<void> => {
    const why = await trouble();
    if (quiet > 0) quiet -= 1;
    if (why === undefined) told = false;
    if (why === undefined || quiet > 0) return;
    const free = freeBytes(storeDir);
    if (free !== undefined && free < roomBytes) {
      if (!told) tell(`nats-server stores nothing: ${fullText(storeDir, free)}`);
      told = true;
      return;
    }
    tell(`nats-server stores nothing although its disk has room; it's started again (${why})`);
    quiet = PATIENCE;
    restart();
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => (looking = false));
  }, parts.everyMs ?? EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

const Readyz = z.object({
  checks: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      reason: z.string().nullable(),
      code: z.string().optional(),
    }),
  ),
});

/** What the coordinator at `address` says about its writes. */
export async function writesTrouble(address: string | undefined): Promise<string | undefined> {
  if (address === undefined) return undefined;
  try {
    const response = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { checks } = Readyz.parse(await response.json());
    // Without a connection nothing can be stored either, and nothing is known of the disk.
    const broken = checks.find(({ name, ok }) => name === "writes" && !ok);
    const cut = checks.some(({ name, code }) => name === "server" && code === "E_UNAVAILABLE");
    return cut ? undefined : (broken?.reason ?? undefined);
  } catch {
    return undefined;
  }
}
