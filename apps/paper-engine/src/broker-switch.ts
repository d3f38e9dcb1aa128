/**
 * Carries the mesh's kill switch to the broker, so that open orders are cancelled there and nobody else's pass either.
 *
 * W1: engaged again and again while the mesh's is: whatever restarts meanwhile changes nothing. Nobody else can release it:
 *     the broker takes that from the engine's token only.
 * W2: released only while it is known that the mesh's isn't engaged. It is a hold of its own at the broker, so that what a
 *     person engaged there stays.
 */
import type { EngineControls } from "@baton/artifacts";
import { type Broker, BrokerError, type KillSwitch } from "@baton/brokerage";
import { cut } from "@baton/contracts";
import type { Log } from "@baton/telemetry";

import { describe, type MeshStop } from "./mesh-stop.ts";

/** How often the broker is looked at when nothing has changed, in milliseconds. */
const LOOK_MS = 1000;

const HOLD = { scope: "mesh", by: "mesh kill switch" } as const;

/** The broker's switch as it is kept. */
export interface BrokerSwitch extends Disposable {
  /** Looks now, e.g. because the mesh's controls changed. */
  look(): void;
  state(): EngineControls["brokerSwitch"];
  /** Why it isn't kept as the mesh has it; null if it is, or nobody has looked yet. */
  problem(): string | null;
}

/** What keeping it takes. */
export interface BrokerSwitchParts {
  /** Any account: the hold is on all of them. */
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
      return see(await broker.killSwitch.engage({ ...HOLD, reason }));
    }
    const found = await broker.killSwitch.get();
    if (wanted === undefined || !found.mesh.engaged) return see(found);
    const reason = "the mesh's kill switch is released";
    see(await broker.killSwitch.release({ ...HOLD, reason }));
  }

  function see({ mesh: ours, all }: KillSwitch): void {
    const others = all.engaged ? "engaged by others" : "released";
    const next = ours.engaged ? "engaged by the mesh" : others;
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
    problem: () =>
      problem === "" ? null : cut(`the mesh's kill switch isn't carried to it: ${problem}`, 300),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
