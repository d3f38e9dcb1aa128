import { RunningStrategies } from "@baton/artifacts";
import { StageFailure } from "@baton/lanekit";
import type { z } from "zod";

const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** The engine that runs what main says. Its calls throw a transient StageFailure if it doesn't answer. */
export interface EngineClient {
  strategies(): Promise<RunningStrategies>;
}

function unavailable(what: string, cause?: unknown): StageFailure {
  return new StageFailure(
    {
      class: "transient",
      code: "E_ENGINE_UNAVAILABLE",
      message: `the engine can't be asked: ${what}`,
      action: "Check that the paper engine runs and is ready (`baton doctor`).",
    },
    { cause },
  );
}

/** Where the engine is, and the reader's token that it asks for. */
export interface EnginePlace {
  readonly engineUrl: string;
  readonly readToken?: string | undefined;
}

async function ask(
  url: URL,
  { readToken, signal }: { readonly readToken: string | undefined; readonly signal: AbortSignal },
): Promise<{ status: number; body: unknown }> {
  try {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(url, {
      signal: deadline,
      redirect: "error",
      ...(readToken !== undefined && { headers: { authorization: `Bearer ${readToken}` } }),
    });
    const text = await response.text();
    if (text.length > MAX_ANSWER_BYTES) throw new RangeError("the answer is too large");
    return { status: response.status, body: JSON.parse(text) };
  } catch (error) {
    throw unavailable(error instanceof Error ? error.message : "no answer", error);
  }
}

function fitting<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw unavailable(`its answer has another form: ${parsed.error.issues[0]?.message ?? ""}`);
}

/** A client for the engine there; `signal` stops waiting. */
export function createEngineClient(
  { engineUrl, readToken }: EnginePlace,
  signal: AbortSignal,
): EngineClient {
  return {
    async strategies() {
      const { status, body } = await ask(new URL("/strategies", engineUrl), { readToken, signal });
      if (status === 401) throw unavailable("it doesn't know our BATON_READ_TOKEN");
      if (status !== 200) throw unavailable(`HTTP ${status}`);
      return fitting(RunningStrategies, body);
    },
  };
}
