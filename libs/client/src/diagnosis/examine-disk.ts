/** The disk that a mesh on this machine stands on; another one's is told by whether writes are stored. */
import { join } from "node:path";

import { freeBytes, fullText, ROOM_BYTES } from "../here/disk-room.ts";
import { fault, type Finding, ok, remark } from "./finding.ts";
import type { World } from "./world.ts";

/** Less than this is worth knowing, in bytes. */
const LOW_BYTES = 512 * 1024 * 1024;

/** How much room there is, and what follows. */
export async function examineDisk({ dataDir }: Pick<World, "dataDir">): Promise<Finding[]> {
  if (dataDir === undefined) return [];
  const store = join(dataDir, "nats");
  const free = freeBytes(store);
  return free === undefined ? [] : [diskFinding(store, free)];
}

/** Full, nearly so, or well. */
export function diskFinding(store: string, free: number): Finding {
  if (free < ROOM_BYTES)
    return fault(
      "disk",
      `${fullText(store, free)}: until then nothing is stored, no kill switch can be engaged, and the engine increases no position`,
      "Remove something from that disk; `baton up` then starts nats-server again by itself.",
    );
  const left = `${(free / 1e9).toFixed(1)} GB left for ${store}`;
  return free < LOW_BYTES
    ? remark("disk", left, "Make room: when it is full, nothing moves.")
    : ok("disk", left);
}
