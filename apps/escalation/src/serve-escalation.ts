/** Wires escalation to its service: bucket, intake, sweep, readiness, HTTP. */
import { setTimeout as delay } from "node:timers/promises";

import type { Mesh } from "@baton/mesh";
import type { Check, ServiceContext } from "@baton/service";

import type { EscalationConfig } from "./config.ts";
import type { Notifier } from "./notifier.ts";
import { openReviewBook } from "./review-book.ts";
import { openReviewCopy } from "./review-copy.ts";
import { openReviewDesk } from "./review-desk.ts";
import { observeReviews } from "./review-gauges.ts";
import { startReviewIntake } from "./review-intake.ts";
import { createReviewSweep } from "./review-sweep.ts";
import { createReviewsApi } from "./reviews-api.ts";

const HOUR_MS = 3_600_000;
const SILENT_MS = 15_000;
/** So many missed sweeps, and at least SILENT_MS, are a fault. */
const STALE_SWEEPS = 5;

/** Starts looking after reviews; returns when everything runs. */
export async function serveEscalation(
  service: ServiceContext<EscalationConfig>,
  { mesh, notifier }: { mesh: Mesh; notifier: Notifier },
): Promise<void> {
  const { config, log, signal } = service;
  const now = Date.now;
  const policy = {
    reminderEveryMs: config.BATON_REMINDER_EVERY_MS,
    remindersMax: config.BATON_REMINDERS_MAX,
    leaseMs: config.BATON_NOTICE_LEASE_MS,
  };
  const book = openReviewBook({
    mesh,
    keepAnsweredMs: config.BATON_ANSWERED_KEEP_HOURS * HOUR_MS,
    onForeign: (key, why) =>
      log.warn({ key: key.slice(0, 80), why }, "record in REVIEWS can't be read; made anew"),
  });
  const copy = openReviewCopy(mesh);
  service.onShutdown("review copy", () => copy.close());
  const onNotice = observeReviews(service.meter, copy, now);
  const desk = openReviewDesk({ mesh, book, notifier, policy, log, now, onNotice });
  service.mount(createReviewsApi(copy, now));
  const sweep = createReviewSweep({ mesh, copy, desk, policy, log, now });
  const health = { sweptMs: now(), trouble: undefined as string | undefined };
  const sweeping = repeat(config.BATON_REVIEW_CHECK_MS, signal, async () => {
    try {
      await sweep();
      health.sweptMs = now();
      health.trouble = undefined;
    } catch (error) {
      health.trouble = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) log.warn({ err: error }, "reviews not swept; tried again");
    }
  });
  service.onShutdown("review sweep", () => sweeping);
  const worker = startReviewIntake({ mesh, desk, log });
  service.onShutdown("review intake", () => worker.stop(config.BATON_SHUTDOWN_GRACE_MS * 0.6));
  service.registerCheck("server", () => answer(mesh.trouble()));
  service.registerCheck("entries", () => answer(silence(worker.silentMs())));
  service.registerCheck("reviews", () => {
    if (!copy.whole) return answer(`reading the reviews${because(health.trouble)}`);
    const ageMs = now() - health.sweptMs;
    const isStale = ageMs > Math.max(SILENT_MS, config.BATON_REVIEW_CHECK_MS * STALE_SWEEPS);
    const age = `not looked after for ${Math.round(ageMs / 1000)} s`;
    return answer(isStale ? `${age}${because(health.trouble)}` : undefined);
  });
}

async function repeat(
  pauseMs: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await work();
    // Waiting rejects when the signal is aborted: the loop's condition sees to that.
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

function because(trouble: string | undefined): string {
  return trouble === undefined ? "" : `: ${trouble}`;
}

function silence(ms: number): string | undefined {
  return ms > SILENT_MS ? `nothing heard of the durable for ${Math.round(ms / 1000)} s` : undefined;
}

function answer(trouble: string | undefined): ReturnType<Check> {
  return trouble === undefined ? { ok: true } : { ok: false, reason: trouble };
}
