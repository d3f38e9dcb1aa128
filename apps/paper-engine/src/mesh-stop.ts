/**
 * Whether the mesh lets positions be increased, known without asking at the moment when it matters.
 *
 * S1: the kill switch stops; so does not knowing it: before the first answer, and when the last one is too old.
 * S2: nor may orders go out while nobody could engage it (see pulse-watch.ts).
 * S3: a state that engages it counts for as long as no later one was read, however old it gets.
 * S4: an answer that says less than was seen is none: what holds isn't known, whoever engaged or released it before.
 */
import { cut, type KillSwitchState, type StoredControls } from "@baton/contracts";
import { type ControlReader, type ControlWatch, LogReset, watchControls } from "@baton/mesh";
import type { Log } from "@baton/telemetry";
import { controlChangeText } from "@baton/views";

import { type PulseWatch, watchPulse } from "./pulse-watch.ts";

/** The controls are asked for this often, in milliseconds. */
const EVERY_MS = 200;
/** Older than this they aren't known: with an order that is just leaving, everything has stopped within a second. */
const KNOWN_MS = 800;

/** The mesh's controls as far as orders depend on them. */
export interface MeshStop extends AsyncDisposable {
  /** Why no order may increase a position; null if it may. */
  stop(this: void): string | null;
  /** Sequence of the state that it is decided by; null while none was read. */
  sequence(): number | null;
  /** The kill switch's state: undefined while nobody knows it, null while it is released. */
  killSwitch(): KillSwitchState | null | undefined;
}

/** What watching works with. */
export interface MeshStopParts {
  /** Resolves once the mesh can be asked; until then nothing is known. */
  readonly reader: Promise<Omit<ControlReader, "journal" | "isOfLaneE">>;
  readonly log: Log;
  /** Told of every new state. */
  readonly onChange: () => void;
}

/** Starts watching; the mesh needn't be there. */
export function watchMeshStop({ reader, log, onChange }: MeshStopParts): MeshStop {
  let watch: ControlWatch | undefined;
  let pulse: PulseWatch | undefined;
  let trouble = "the mesh can't be reached";
  let known = true;
  const onTrouble = (error: unknown) => {
    const next = troubleOf(error);
    // Once per loss: who reads the log must find it, and what to do.
    if (error instanceof LogReset && next !== trouble) log.error({ err: error }, next);
    trouble = next;
  };
  const start = async (): Promise<void> => {
    try {
      const { controls, pulse: lastPulse } = await reader;
      pulse = watchPulse({ pulse: lastPulse });
      watch = watchControls({
        controls,
        everyMs: EVERY_MS,
        onTrouble,
        onChange: (stored) => {
          announce(log, stored);
          onChange();
        },
      });
    } catch (error) {
      // Whoever opened the reader hears of it; here it means that nothing is known.
      onTrouble(error);
    }
  };
  void start();
  const isKnown = (): boolean => {
    const now = watch !== undefined && watch.agedMs() <= KNOWN_MS;
    // Once per change, not once per order.
    if (now !== known) log[now ? "info" : "warn"]({ trouble }, now ? "controls known" : UNKNOWN);
    known = now;
    return now;
  };
  const engaged = () => watch?.current()?.controls.killSwitch ?? null;
  return {
    stop() {
      const killSwitch = engaged();
      if (killSwitch) return describe(killSwitch);
      if (!isKnown()) return cut(`${UNKNOWN}: ${trouble}`, 300);
      return pulse?.trouble() ?? null;
    },
    sequence: () => watch?.current()?.sequence ?? null,
    killSwitch: () => engaged() ?? (isKnown() ? null : undefined),
    async [Symbol.asyncDispose]() {
      watch?.stop();
      pulse?.stop();
      // A connection that never came about is given up with the process.
      if (watch !== undefined) await (await reader)[Symbol.asyncDispose]();
    },
  };
}

/** What is answered wrongly is another trouble than no answer: it doesn't pass by itself. */
function troubleOf(error: unknown): string {
  if (error instanceof LogReset) return `E_LOG_RESET ${error.message}`;
  return error instanceof Error ? error.message : "no answer";
}

const UNKNOWN = "nobody knows whether the mesh's kill switch is engaged";

/** Who engaged it, since when and why. */
export function describe({ by, time, why }: KillSwitchState): string {
  return cut(`the mesh's kill switch is engaged since ${time} by ${by}: ${why}`, 500);
}

function announce(log: Log, { sequence, controls }: StoredControls): void {
  log.info({ sequence, engaged: controls.killSwitch !== null }, controlChangeText(controls));
}
