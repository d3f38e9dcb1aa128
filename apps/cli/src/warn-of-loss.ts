import { lossThatStops } from "@baton/contracts";
import { lastMarked } from "@baton/mesh";
import type { JetStreamManager } from "@nats-io/jetstream";

import { note } from "./output.ts";

/** What tells of it may come late; the command goes on without. */
const WITHIN_MS = 500;

/** Tells whoever reads from, or sends to, a mesh whose history is lost: what is shown may lack what was decided. */
export async function warnOfLoss(jsm: JetStreamManager): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), WITHIN_MS);
  });
  // Whatever is wrong with the answer, the command itself finds out.
  const found = await Promise.race([lastMarked(jsm).catch(() => undefined), late]);
  clearTimeout(timer);
  const why = found === undefined || found === "absent" ? undefined : lossIn(found);
  if (why !== undefined)
    note(`${why}\nWhat is shown may lack what was decided; \`baton doctor\` says what to do.`);
}

function lossIn(
  found: Exclude<Awaited<ReturnType<typeof lastMarked>>, "absent">,
): string | undefined {
  if (found === "empty") return "E_LOG_RESET CONTROLS holds no state";
  const { killSwitch } = found.stored.controls;
  return killSwitch && lossThatStops(killSwitch) !== undefined ? killSwitch.why : undefined;
}
