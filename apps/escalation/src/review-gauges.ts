import type { Meter } from "@baton/telemetry";

import type { RecordCopy } from "./record-copy.ts";

/** Registers the series about reviews; they are the same in every replica (take `max`). */
export function observeReviews(meter: Meter, copy: RecordCopy, now: () => number): void {
  /** Reasons shown before are shown with 0 when none is left, so that a series doesn't end at its last value. */
  const shown = new Set<string>();
  const channels = new Set<string>();
  meter
    .createObservableGauge("baton_reviews_open", {
      description: "Reviews that wait for a person, by reason; the same in every replica",
    })
    .addCallback((result) => {
      const counts = new Map<string, number>();
      for (const { state, reason } of copy.reviews())
        if (state === "open") counts.set(reason, (counts.get(reason) ?? 0) + 1);
      for (const reason of counts.keys()) shown.add(reason);
      for (const reason of shown) result.observe(counts.get(reason) ?? 0, { reason });
    });
  meter
    .createObservableGauge("baton_review_age_seconds", {
      description: "Age of the oldest open review, in seconds; 0 if none is open",
    })
    .addCallback((result) => {
      const times = Array.from(copy.reviews(), ({ state, openedAt }) =>
        state === "open" ? Date.parse(openedAt) : Number.POSITIVE_INFINITY,
      );
      const oldest = times.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
      result.observe(Number.isFinite(oldest) ? Math.max(0, (now() - oldest) / 1000) : 0);
    });
  meter
    .createObservableGauge("baton_notices_waiting", {
      description: "Notices that a channel wasn't told yet, by channel; the same in every replica",
    })
    .addCallback((result) => {
      const counts = new Map<string, number>();
      for (const { delivery } of [...copy.reviews(), ...copy.matters()])
        for (const { name } of delivery?.waiting ?? [])
          counts.set(name, (counts.get(name) ?? 0) + 1);
      for (const channel of counts.keys()) channels.add(channel);
      for (const channel of channels) result.observe(counts.get(channel) ?? 0, { channel });
    });
}
