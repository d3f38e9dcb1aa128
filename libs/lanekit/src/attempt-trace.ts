import { cut } from "@baton/contracts";
/**
 * An attempt's place in the trace of its run. The attempt's own span is made from what is stored, by whoever sends traces; its id is
 * derived, so what happens within it can be told of while it runs. Nothing of that outlives the process.
 */
import { attemptSpanIdOf } from "@baton/playbook";
import {
  formatTraceparent,
  isSampled,
  parseTraceparent,
  type Tracer,
  type TraceSpan,
} from "@baton/telemetry";

import type { Dispatch } from "./ports.ts";

/** What an attempt says of itself while it runs. */
export interface AttemptTrace {
  /** What is done within the attempt names it as its parent. */
  readonly traceparent: string;
  /** The attempt came to a step. */
  step(step: string): void;
  /** The attempt is over; `failure`: it failed in its last step. */
  end(failure?: string): void;
}

/** More steps than this aren't told of. */
const MAX_STEPS = 64;
const MAX_STEP = 120;

/** Opens the attempt's trace; one that isn't sampled costs nothing. */
export function openAttemptTrace(
  tracer: Tracer,
  { entry, sequence, deliveries }: Pick<Dispatch, "entry" | "sequence" | "deliveries">,
): AttemptTrace {
  const root = isSampled(entry.trace) ? parseTraceparent(entry.trace) : undefined;
  if (!root) return { traceparent: entry.trace, step: () => undefined, end: () => undefined };
  const spanId = attemptSpanIdOf(entry.runId, sequence, deliveries);
  const traceparent = formatTraceparent({ ...root, spanId });
  const { candidateId, runId, stage } = entry;
  let steps = 0;
  let name = "";
  let span: TraceSpan | undefined;
  return {
    traceparent,
    step: (step) => {
      // What follows a colon is what a program says: as often as it likes, and whatever it likes.
      const next = cut(step.split(":", 1)[0] ?? "", MAX_STEP);
      if (next === name || steps >= MAX_STEPS) return;
      steps += 1;
      name = next;
      span?.end();
      const attributes = {
        "baton.candidate_id": candidateId,
        "baton.run_id": runId,
        "baton.stage": stage,
        "baton.attempt": deliveries,
        "baton.step": next,
      };
      span = tracer.startSpan("step", { parent: traceparent, attributes });
    },
    end: (failure) => {
      if (failure !== undefined) span?.fail(failure);
      span?.end();
      span = undefined;
      steps = MAX_STEPS;
    },
  };
}
