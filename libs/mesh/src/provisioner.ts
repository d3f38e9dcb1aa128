/** The streams in the hands of the coordinator, which owns them: made when it asks, kept from then on. */
import type { MeshName } from "@baton/contracts";
import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";

import type { HistoryState, KnownMarks } from "./find-losses.ts";
import { LogReset } from "./log-reset.ts";
import { provision } from "./provision.ts";
import { restoreAbsent } from "./restore-consumers.ts";
import type { Topology } from "./topology.ts";

/** How often the coordinator looks for durables and streams that somebody deleted. */
const KEEP_MS = 5000;

/** Makes the streams when it's asked to, and keeps the consumers from then on. */
export function openProvisioner(
  reader: { nc: NatsConnection; jsm: JetStreamManager },
  topology: Topology,
) {
  let keeping: NodeJS.Timeout | undefined;
  let name: MeshName | undefined;
  return {
    provision: async (known: readonly KnownMarks[] = []): Promise<HistoryState> => {
      const state = await provision(reader, topology, known);
      name = state.name;
      if (state.kind !== "lost") keeping ??= keepMade(reader.jsm, topology, () => name);
      return state;
    },
    name: () => name,
    stop: () => clearInterval(keeping),
  };
}

/** Throws `LogReset` where history is lost. */
export function refuseLost({ kind, losses, lossId }: HistoryState): void {
  if (kind === "lost") throw new LogReset(losses, { ...(lossId !== undefined && { id: lossId }) });
}

/** Others may make neither a durable nor a stream again: the coordinator does it for them. */
function keepMade(
  jsm: JetStreamManager,
  topology: Topology,
  name: () => MeshName | undefined,
): NodeJS.Timeout {
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    restoreAbsent(jsm, topology, name())
      // The server is away, or a stream of the history is gone: there's nothing to keep until it's back.
      .catch(() => undefined)
      .finally(() => (looking = false));
  }, KEEP_MS);
  return timer.unref();
}
