/**
 * Sweeps the mesh's matters whenever its controls change. A sweep doesn't wait for the one before: a receiver that hangs holds up
 * nothing that happens meanwhile.
 */
import type { StoredControls } from "@baton/contracts";
import { type ControlWatch, type Mesh, watchControls } from "@baton/mesh";
import type { Log } from "@baton/telemetry";

/** A watch that runs. */
export interface MatterWatch extends Pick<ControlWatch, "agedMs"> {
  /** Sweeps once more, for what is due by the clock. Never rejects. */
  look(): Promise<void>;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** Pause between two questions for the controls: half of it is what people wait for on average. */
const ASK_MS = 250;

/** Starts watching. */
export function startMatterWatch(parts: {
  readonly mesh: Pick<Mesh, "controls">;
  readonly sweep: (last: StoredControls) => Promise<void>;
  readonly log: Log;
}): MatterWatch {
  const { mesh, sweep, log } = parts;
  const underWay = new Set<Promise<void>>();
  const start = async (last: StoredControls): Promise<void> => {
    const sweeping = sweep(last).catch((error: unknown) =>
      log.warn({ err: error }, "matters of the mesh not swept; tried again later"),
    );
    underWay.add(sweeping);
    await sweeping;
    underWay.delete(sweeping);
  };
  const onTrouble = (error: unknown): void => log.debug({ err: error }, "controls not read");
  const watch = watchControls({
    controls: mesh.controls,
    everyMs: ASK_MS,
    onChange: (last) => void start(last),
    onTrouble,
  });
  watch.refresh().catch(onTrouble);
  return {
    agedMs: () => watch.agedMs(),
    look: async () => {
      const last = watch.current();
      if (last) await start(last);
    },
    stop: async () => {
      watch.stop();
      await Promise.all(underWay);
    },
  };
}
