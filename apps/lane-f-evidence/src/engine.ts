import { RunningStrategies, type RunningStrategy } from "@baton/artifacts";
import { cut } from "@baton/contracts";
import { StageFailure } from "@baton/lanekit";

const REQUEST_MS = 2000;
/** Largest answer that is read, in bytes: a thousand strategies. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** What an engine says that it runs. */
export interface Engine {
  /** Throws a StageFailure (transient) if the engine can't be asked. */
  status(): Promise<RunningStrategies>;
}

/** The engine under `url`. */
export function createEngine(options: {
  readonly url: string;
  readonly token?: string | undefined;
  readonly traceparent: string;
  readonly signal: AbortSignal;
}): Engine {
  const target = new URL("/strategies", options.url);
  return {
    async status() {
      try {
        const response = await fetch(target, {
          redirect: "error",
          headers: {
            accept: "application/json",
            traceparent: options.traceparent,
            ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
          },
          signal: AbortSignal.any([options.signal, AbortSignal.timeout(REQUEST_MS)]),
        });
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
        return RunningStrategies.parse(JSON.parse(await textOf(response)));
      } catch (cause) {
        options.signal.throwIfAborted();
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new StageFailure(
          {
            class: "transient",
            code: "E_ENGINE_UNAVAILABLE",
            message: cut(`the engine at ${target.host} can't be asked: ${why}`, 400),
            action: "Check that the engine runs and is ready (`/readyz`).",
          },
          { cause },
        );
      }
    },
  };
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The strategy of that id, or undefined. */
export function strategyIn(
  status: RunningStrategies,
  candidateId: string,
): RunningStrategy | undefined {
  return status.strategies.find((strategy) => strategy.candidateId === candidateId);
}
