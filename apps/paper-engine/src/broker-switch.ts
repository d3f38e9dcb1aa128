/**
 * Carries the mesh's kill switch to the broker, so that open orders are cancelled there and nobody else's pass either.
 *
 * W1: engaged again and again while the mesh's is: whatever restarts or releases it meanwhile changes nothing.
 * W2: released only while it is known that the mesh's isn't engaged, and only if the mesh had engaged it: the broker keeps
 *     who did, so that it survives restarts of both, and leaves alone what a person engaged.
 */
import { type Broker, BrokerError, MESH_SWITCH_BY } from "@baton/brokerage";
import { cut, type EngineControls } from "@baton/contracts";
import type { Log } from "@baton/telemetry";

import { describe, type MeshStop } from "./mesh-stop.ts";

/** How often the broker is looked at when nothing has changed, in milliseconds. */
const LOOK_MS = 1000;

/** The broker's switch as it is kept. */
export interface BrokerSwitch extends Disposable {
  /** Looks now, e.g. because the mesh's controls changed. */
  look(): void;
  state(): EngineControls["brokerSwitch"];
}

/** What keeping it takes. */
export interface BrokerSwitchParts {
  /** Any account: the switch is the one over all of them. */
  readonly broker: Pick<Broker, "killSwitch">;
  readonly mesh: Pick<MeshStop, "killSwitch">;
  readonly log: Log;
}

/** Keeps it from now on. */
export function keepBrokerSwitch({ broker, mesh, log }: BrokerSwitchParts): BrokerSwitch {
  let state: EngineControls["brokerSwitch"] = null;
  let looking = false;
  let again = false;
  let problem = "";

  async function carry(): Promise<void> {
    const wanted = mesh.killSwitch();
    if (wanted) {
      const reason = cut(describe(wanted), 1000);
      const { all } = await broker.killSwitch.engage({ scope: "all", by: MESH_SWITCH_BY, reason });
      return see(all);
    }
    const { all } = await broker.killSwitch.get();
    if (wanted === undefined || !all.engaged || all.by !== MESH_SWITCH_BY) return see(all);
    const reason = "the mesh's kill switch is released";
    see((await broker.killSwitch.release({ scope: "all", by: MESH_SWITCH_BY, reason })).all);
  }

  function see(all: { engaged: boolean; by?: string }): void {
    const by = all.by === MESH_SWITCH_BY ? "engaged by the mesh" : "engaged by others";
    const next = all.engaged ? by : "released";
    if (next !== state) log.info({ before: state }, `the broker's kill switch is ${next}`);
    state = next;
    problem = "";
  }

  async function look(): Promise<void> {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    try {
      await carry();
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      // Once per problem; it is tried again.
      if (error.message !== problem) log.error({ err: error }, "the broker's switch isn't kept");
      problem = error.message;
    } finally {
      looking = false;
    }
    if (!again) return;
    again = false;
    await look();
  }

  const timer = setInterval(() => void look(), LOOK_MS);
  return {
    look: () => void look(),
    state: () => state,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
