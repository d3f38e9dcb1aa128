/** Sends traces beside the series, if there is somewhere to send them. */
import { setTimeout as delay } from "node:timers/promises";

import type { AnyReason, Entry, Reason } from "@baton/contracts";
import type { Mesh, StoredMessage } from "@baton/mesh";
import type { ServiceContext } from "@baton/service";
import { openFinishedSpans, TRACEPARENT_HEADER } from "@baton/telemetry";

import type { MetricsConfig } from "../config.ts";
import { openTraceSender } from "./trace-sender.ts";

/** What is told of each entry. */
export interface Traces {
  note(entry: Entry, message: Pick<StoredMessage, "seq" | "storedMs" | "headers">): void;
}

/** Reasons of a run that goes its way without a person, a failure or a wait. */
const SMOOTH: ReadonlySet<AnyReason> = new Set<Reason>(["SUBMITTED", "STAGE_PASSED", "COMPLETED"]);

/** Begins to send; undefined: there is nowhere to send to. */
export async function serveTraces(
  service: ServiceContext<MetricsConfig>,
  mesh: Mesh,
): Promise<Traces | undefined> {
  const { config, log, meter, signal } = service;
  const sender = await openFinishedSpans(config);
  if (!sender) return undefined;
  const traces = openTraceSender({ reader: mesh, sender, meter, log });
  const sending = (async () => {
    while (!signal.aborted) {
      await traces.advance(signal).catch((error: unknown) => {
        if (!signal.aborted) log.warn({ err: error }, "spans not sent; tried again");
      });
      // Waiting rejects when the signal is aborted: the loop's condition sees to that.
      await delay(config.BATON_METRICS_REFRESH_MS, undefined, { signal }).catch(() => undefined);
    }
  })();
  service.onShutdown("traces", async () => {
    // What is under way is sent again by whoever starts next.
    await Promise.race([sending, delay(SHUTDOWN_MS, undefined, { ref: false })]);
    await Promise.race([
      sender[Symbol.asyncDispose](),
      delay(SHUTDOWN_MS, undefined, { ref: false }),
    ]);
  });
  return {
    note: ({ candidateId, holder, reason }, { seq: sequence, storedMs, headers }) =>
      traces.note({
        candidateId,
        sequence,
        isSampled: headers.has(TRACEPARENT_HEADER),
        isNotable: holder === "review" || !SMOOTH.has(reason),
        isClosed: holder === "closed",
        isOld: storedMs < Date.now() - config.BATON_TRACES_RESEND_MS,
      }),
  };
}

const SHUTDOWN_MS = 2000;
