import { lossThatStops, STREAMS } from "@baton/contracts";
import { lastMarked } from "@baton/mesh";
import type { JetStreamManager } from "@nats-io/jetstream";

/** What tells of it may come late; the command goes on without. */
const WITHIN_MS = 500;

/** Tells whoever reads from, or sends to, a mesh whose history is lost: what is shown may lack what was decided. */
export async function warnOfLoss(
  jsm: JetStreamManager,
  tell: (line: string) => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), WITHIN_MS);
  });
  // Whatever is wrong with the answer, the command itself finds out.
  const why = await Promise.race([lossOf(jsm).catch(() => undefined), late]);
  clearTimeout(timer);
  if (why !== undefined)
    tell(`${why}\nWhat is shown may lack what was decided; \`baton doctor\` says what to do.`);
}

async function lossOf(jsm: JetStreamManager): Promise<string | undefined> {
  const found = await lastMarked(jsm);
  if (found === "empty") return "E_LOG_RESET CONTROLS holds no state";
  if (found === "absent") return (await isMesh(jsm)) ? "E_LOG_RESET CONTROLS is gone" : undefined;
  const { killSwitch } = found.stored.controls;
  return killSwitch && lossThatStops(killSwitch) !== undefined ? killSwitch.why : undefined;
}

/** True if there is any history that decisions were kept in: then its controls are lost, not yet to be made. */
async function isMesh(jsm: JetStreamManager): Promise<boolean> {
  for (const { name } of [STREAMS.journal, STREAMS.commands, STREAMS.reports]) {
    const isThere = await jsm.streams.info(name).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && error.name === "StreamNotFoundError") return false;
        throw error;
      },
    );
    if (isThere) return true;
  }
  return false;
}
