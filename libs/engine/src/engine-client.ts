/** Asks the engine what it runs. */
import { RunningStrategies, type RunningStrategy } from "@baton/artifacts";
import { cut, Failed } from "@baton/contracts";

const REQUEST_MS = 5000;
/** Largest answer that is read, in bytes: a thousand strategies. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** What an engine says that it runs. */
export interface Engine {
  /** Throws `Failed` (transient, E_ENGINE_UNAVAILABLE) if the engine can't be asked. */
  status(): Promise<RunningStrategies>;
}

/** Where an engine is, and how it is asked. */
export interface EngineOptions {
  readonly url: string;
  /** The reader's token that it asks for. */
  readonly readToken?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Stops waiting; its reason is thrown then. */
  readonly signal: AbortSignal;
}

/** The engine under `url`. */
export function createEngine({ url, signal, ...how }: EngineOptions): Engine {
  const target = new URL("/strategies", url);
  return {
    async status() {
      try {
        return await ask(target, {
          headers: headersOf(how),
          signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
        });
      } catch (cause) {
        signal.throwIfAborted();
        throw unavailable(target, cause);
      }
    },
  };
}

async function ask(
  target: URL,
  how: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
): Promise<RunningStrategies> {
  const response = await fetch(target, { redirect: "error", ...how });
  if (response.status === 401) throw new Error("it doesn't know our BATON_READ_TOKEN");
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const parsed = RunningStrategies.safeParse(JSON.parse(await textOf(response)));
  if (parsed.success) return parsed.data;
  throw new Error(`its answer has another form: ${parsed.error.issues[0]?.message ?? ""}`);
}

function headersOf({
  readToken,
  traceparent,
}: Pick<EngineOptions, "readToken" | "traceparent">): Record<string, string> {
  return {
    accept: "application/json",
    ...(traceparent !== undefined && { traceparent }),
    ...(readToken !== undefined && { authorization: `Bearer ${readToken}` }),
  };
}

function unavailable({ host }: URL, cause: unknown): Failed {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Failed(
    {
      class: "transient",
      code: "E_ENGINE_UNAVAILABLE",
      message: cut(`the engine at ${host} can't be asked: ${why}`, 400),
      action: "Check that the paper engine runs and is ready (`baton doctor`).",
    },
    { cause },
  );
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
