/** The controls for a process that acts on them, and of the journal what says whether it may act on main's files. */
import type { ServiceHealth, Sha256 } from "@baton/contracts";

import { type ConnectionOptions, openConnection } from "./connect.ts";
import type { ControlMemory } from "./control-memory.ts";
import { type MeshControls, readControls } from "./controls.ts";
import { type LastEntries, readLastEntries } from "./journal.ts";
import { openJetStream } from "./mesh.ts";
import { lastPulse } from "./pulse.ts";
import { answerHealth } from "./service-health.ts";
import { isStoredBy } from "./stored-by.ts";

/** A connection that only asks. */
export interface ControlReader extends AsyncDisposable {
  readonly controls: Pick<MeshControls, "last">;
  readonly journal: LastEntries;
  /** Whether lane E stored a file of that digest in its own name. */
  isOfLaneE(this: void, sha256: Sha256): Promise<boolean>;
  /** Sequence of the last pulse; undefined if there is none. It grows for as long as what the coordinator writes is stored. */
  pulse(this: void): Promise<number | undefined>;
}

/** An answer that is later than this is no answer any more: who must stop in time can't wait for it. */
const ANSWER_MS = 1000;

/** Connects, and holds every answer against `memory`; with `waitForServer` it resolves once a server answers. Throws `Unavailable`. */
export async function openControlReader(
  options: ConnectionOptions & {
    readonly memory?: ControlMemory;
    readonly health?: () => ServiceHealth;
  },
): Promise<ControlReader> {
  const nc = await openConnection(options);
  if (options.health) answerHealth(nc, options.health);
  const { jsm } = await openJetStream(nc, { seed: options.seed, timeoutMs: ANSWER_MS });
  return {
    controls: readControls(jsm, options.memory),
    journal: readLastEntries(jsm),
    isOfLaneE: (sha256) => isStoredBy(jsm, { writer: "lane-e", sha256 }),
    pulse: () => lastPulse(jsm),
    [Symbol.asyncDispose]: () => nc.close(),
  };
}
