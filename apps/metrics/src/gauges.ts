/** The gauges: how things stand now. */
import type { Place } from "@baton/folds";
import type { Progress } from "@baton/mesh";
import type { Meter, OrchestrationMetrics } from "@baton/telemetry";

import type { GivenUp, LaneBacklog } from "./mesh-gauges.ts";

/** What the gauges show; the owner of the two lists replaces them at each refresh. */
export interface GaugeSources {
  /** Every place where candidates stand, or stood. */
  readonly places: () => Iterable<Place>;
  readonly tails: readonly Pick<Progress, "stream" | "behind">[];
  backlogs: readonly LaneBacklog[];
  givenUp: readonly GivenUp[];
  /** When the last refresh ended, in milliseconds since 1970. */
  refreshedMs: number;
}

/** Registers what is read at each scrape. */
export function observeGauges(meter: Meter, sources: GaugeSources): void {
  observeCandidates(meter, sources);
  observeMesh(meter, sources);
}

function observeCandidates(meter: Meter, { places, tails }: GaugeSources): void {
  meter
    .createObservableGauge("baton_candidates", {
      description: "Open candidates, by who must act next and why; the same in every replica",
    })
    .addCallback((result) => {
      for (const [key, count] of countBy(places(), ({ holder, reason }) => `${holder} ${reason}`)) {
        const [holder = "", reason = ""] = key.split(" ");
        result.observe(count, { holder, reason });
      }
    });
  meter
    .createObservableGauge("baton_metrics_behind_messages", {
      description: "Messages of a stream that the series don't show yet",
    })
    .addCallback((result) => {
      for (const { stream, behind = 0 } of tails) result.observe(behind, { stream });
    });
}

function observeMesh(meter: Meter, sources: GaugeSources): void {
  meter
    .createObservableGauge("baton_lane_dispatches", {
      description:
        "Dispatches of a lane: waiting, or delivered and not settled; the same in every replica",
    })
    .addCallback((result) => {
      for (const { lane, waiting, delivered } of sources.backlogs) {
        result.observe(waiting, { lane, state: "waiting" });
        result.observe(delivered, { lane, state: "delivered" });
      }
    });
  meter
    .createObservableGauge("baton_messages_given_up", {
      description:
        "Messages set aside as unreadable, or delivered as often as allowed, in the last 30 days; the same in every replica",
    })
    .addCallback((result) => {
      for (const { how, stream, consumer, messages } of sources.givenUp)
        result.observe(messages, { how, stream, consumer });
    });
  meter
    .createObservableGauge("baton_gauges_age_seconds", {
      description: "Time since the series of this process were brought up to date, in seconds",
    })
    .addCallback((result) => result.observe((Date.now() - sources.refreshedMs) / 1000));
}

/** Sets the contract's queue depth: open candidates that a lane holds, by stage; 0 where none is left. */
export function recordQueueDepth(series: OrchestrationMetrics, places: Iterable<Place>): void {
  const depths = countBy(places, ({ holder, stage }) =>
    holder === "review" ? undefined : `${holder} ${stage}`,
  );
  for (const [key, depth] of depths) {
    const [lane = "", stage = ""] = key.split(" ");
    series.queueDepth(depth, { stage, lane });
  }
}

function countBy(
  places: Iterable<Place>,
  keyOf: (place: Place) => string | undefined,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const place of places) {
    const key = keyOf(place);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + place.candidates);
  }
  return counts;
}
