/**
 * Reads again, all the time and slowly, what the journal rests on, so that what a disk has lost is known before it's needed.
 * Every replica does it for itself; what it finds is in the log and in the gauges until a later round doesn't find it any more.
 */
import { setTimeout as delay } from "node:timers/promises";

import { type Lane, LANES } from "@baton/contracts";
import { type Damage, type Mesh, scrub } from "@baton/mesh";
import type { ServiceContext } from "@baton/service";

import type { MetricsConfig } from "./config.ts";

/** What a damage is counted as. */
const KINDS = ["missing", "altered", "lost", "unreadable"] as const;
type Counts = Readonly<Record<(typeof KINDS)[number], number>>;

const NONE: Counts = { missing: 0, altered: 0, lost: 0, unreadable: 0 };
/** Reports that nobody can read, by the lane whose key wrote them: its own fault, and no damage of the mesh. */
type Unreadable = ReadonlyMap<Lane, number>;
/** Damages that are written to the log one by one, per round. */
const LOGGED = 100;
/** A round that couldn't end is begun again after this time. */
const RETRY_MS = 60_000;
/** Pauses that are shorter are saved up: a timer for each page would cost more than it spares. */
const SHORTEST_MS = 5;

/** Starts it; nothing is read where BATON_SCRUB_BYTES_PER_SECOND is 0. */
export function startScrub(service: ServiceContext<MetricsConfig>, mesh: Mesh): void {
  const { config, meter } = service;
  const perSecond = config.BATON_SCRUB_BYTES_PER_SECOND;
  if (perSecond === 0) return;
  let shown: Counts | undefined;
  let unreadable: Unreadable = new Map();
  let endedMs: number | undefined;
  meter
    .createObservableGauge("baton_reports_unreadable", {
      description: "Reports that can't be read, by the lane whose key wrote them",
    })
    .addCallback((result) => {
      for (const lane of LANES) if (shown) result.observe(unreadable.get(lane) ?? 0, { lane });
    });
  meter
    .createObservableGauge("baton_damaged", {
      description:
        "Messages and artifacts that can't be read any more, by the last round of reading",
    })
    .addCallback((result) => {
      for (const what of KINDS) if (shown) result.observe(shown[what], { what });
    });
  meter
    .createObservableGauge("baton_scrub_age_seconds", {
      description: "Time since everything that is stored was last read through, in seconds",
    })
    .addCallback((result) => {
      if (endedMs !== undefined) result.observe((Date.now() - endedMs) / 1000);
    });
  // Said, and no reason to count as not ready: whoever shows the series can do its work.
  service.registerCheck("stored", () => {
    const reason = shown && damageText(shown);
    return reason === undefined ? { ok: true } : { ok: true, reason };
  });
  const scrubbing = repeat(config.BATON_SCRUB_EVERY_MS, service, async () => {
    let counts = NONE;
    unreadable = await readThrough(service, mesh, (what) => {
      counts = { ...counts, [what]: counts[what] + 1 };
      // What this round has found already is worse than what the last one had found.
      if (shown === undefined || counts[what] > shown[what])
        shown = { ...(shown ?? NONE), [what]: counts[what] };
    });
    shown = counts;
    endedMs = Date.now();
  });
  service.onShutdown("scrub", () => scrubbing);
}

/** What was found in words; undefined if nothing was. */
function damageText(counts: Counts): string | undefined {
  const parts = KINDS.filter((what) => counts[what] > 0).map((what) => `${counts[what]} ${what}`);
  return parts.length === 0
    ? undefined
    : `of the messages and artifacts that are stored ${parts.join(", ")}`;
}

async function readThrough(
  { config, log, signal }: ServiceContext<MetricsConfig>,
  mesh: Mesh,
  count: (what: (typeof KINDS)[number]) => void,
): Promise<Unreadable> {
  let left = LOGGED;
  const unreadable = new Map<Lane, number>();
  const tell = (damage: Damage): void => {
    const lane = LANES.find((one) => damage.kind === "unreadable" && one === damage.writer);
    if (lane !== undefined) {
      const before = unreadable.get(lane) ?? 0;
      if (before === 0) log.warn({ damage }, `${lane}'s key wrote a report that can't be read`);
      unreadable.set(lane, before + 1);
      return;
    }
    count(damage.kind === "artifact" ? damage.how : damage.kind);
    left -= 1;
    if (left < 0) return;
    log.error(
      { damage },
      "stored, and can't be read any more: `baton doctor --deep` says what to do",
    );
  };
  const perSecond = config.BATON_SCRUB_BYTES_PER_SECOND;
  let owedMs = 0;
  await scrub({
    reader: mesh,
    artifacts: mesh.artifacts,
    streams: ["journal", "reports"],
    signal,
    onDamage: tell,
    pace: async (bytes) => {
      owedMs += (bytes / perSecond) * 1000;
      if (owedMs < SHORTEST_MS) return;
      const ms = owedMs;
      owedMs = 0;
      await delay(ms, undefined, { signal });
    },
  });
  return unreadable;
}

/** One round after another, until the service stops. */
async function repeat(
  everyMs: number,
  { signal, log }: ServiceContext<MetricsConfig>,
  round: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = everyMs;
    try {
      await round();
    } catch (error) {
      pauseMs = Math.min(everyMs, RETRY_MS);
      if (!signal.aborted)
        log.warn({ err: error }, "not all that is stored could be read; tried again");
    }
    // Waiting rejects when the signal is aborted: the loop's condition sees to that.
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
