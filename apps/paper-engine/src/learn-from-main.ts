import { setTimeout as sleep } from "node:timers/promises";

import { GitError, readMarkOnMain, type Remote } from "@baton/gitops";
import type { ControlMemory } from "@baton/mesh";
import type { Log } from "@baton/telemetry";

const RETRY_MS = 1000;

/**
 * Learns which controls main's last action was done under: an engine that starts with an older copy of everything else must not
 * take an older state for the latest one. Resolves once main could be read; until then nobody knows what holds. Rejects when
 * `remote.signal` is aborted.
 */
export async function learnFromMain({
  remote,
  memory,
  log,
}: {
  readonly remote: Remote & { readonly signal: AbortSignal };
  readonly memory: Pick<ControlMemory, "learn">;
  readonly log: Log;
}): Promise<void> {
  let problem = "";
  for (;;) {
    try {
      const marks = await readMarkOnMain(remote);
      const mark = marks?.streams.CONTROLS;
      if (marks && mark) await memory.learn({ ...mark, epoch: marks.epoch });
      return;
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      // Once per problem, not once per try.
      if (error.message !== problem)
        log.warn({ err: error }, "main's mark of the controls can't be read");
      problem = error.message;
      await sleep(RETRY_MS, undefined, { signal: remote.signal });
    }
  }
}
