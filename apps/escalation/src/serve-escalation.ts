/** Wires escalation to its service: policy, channels, bucket, intake, sweep, readiness, HTTP. */
import { setTimeout as delay } from "node:timers/promises";

import type { Notice } from "@baton/contracts";
import type { Mesh } from "@baton/mesh";
import type { Check, ServiceContext } from "@baton/service";
import type { Log } from "@baton/telemetry";

import { openAnswerWatch } from "./answer-watch.ts";
import type { EscalationConfig } from "./config.ts";
import { createEngineWatch } from "./matters/engine-watch.ts";
import { openMatterDesk } from "./matters/matter-desk.ts";
import { MATTER_WORDING } from "./matters/matter-notice.ts";
import { createMatterSweep } from "./matters/matter-sweep.ts";
import { startMatterWatch } from "./matters/matter-watch.ts";
import { LOG_CHANNEL } from "./notices/log-channel.ts";
import { observeChannels } from "./notices/notice-metrics.ts";
import { type OnAttempt, openSwitchboard, type Switchboard } from "./notices/switchboard.ts";
import {
  type NoticePolicy,
  standingNotice,
  type Told,
  type Wording,
} from "./notices/told-rules.ts";
import { openChannels } from "./policy/open-channels.ts";
import { defaultPolicy, type EscalationPolicy, readPolicy } from "./policy/read-policy.ts";
import { findRoute } from "./policy/resolve-routes.ts";
import { MATTERS, openRecordBook, type RecordBookParts, REVIEWS } from "./record-book.ts";
import { openRecordCopy, type RecordCopy } from "./record-copy.ts";
import { openReviewDesk } from "./review-desk.ts";
import { observeReviews } from "./review-gauges.ts";
import { startReviewIntake } from "./review-intake.ts";
import { REVIEW_WORDING } from "./review-notice.ts";
import { createReviewSweep } from "./review-sweep.ts";
import { createReviewsApi } from "./reviews-api.ts";

const HOUR_MS = 3_600_000;
const SILENT_MS = 15_000;
/** So many missed sweeps, and at least SILENT_MS, are a fault. */
const STALE_SWEEPS = 5;

/** The policy that the environment names. Throws `StartFailure` that names every fault. */
export async function policyOf({
  config,
  log,
}: Pick<ServiceContext<EscalationConfig>, "config" | "log">): Promise<EscalationPolicy> {
  const { BATON_ESCALATION: file } = config;
  const defaults = { everyMs: config.BATON_REMINDER_EVERY_MS, atMost: config.BATON_REMINDERS_MAX };
  if (file === undefined) {
    log.warn("no escalation policy (BATON_ESCALATION): reviews are told to this log only");
    return defaultPolicy(defaults);
  }
  const policy = await readPolicy(file, defaults);
  const channels = policy.channels.map(({ name, type }) => `${name} (${type})`);
  log.info({ file, channels }, "escalation policy loaded");
  return policy;
}

/** Starts looking after reviews; returns when everything runs. */
export async function serveEscalation(
  service: ServiceContext<EscalationConfig>,
  { mesh, policy: given }: { mesh: Mesh; policy: EscalationPolicy },
): Promise<void> {
  const { config, log, signal } = service;
  const now = Date.now;
  const policy: NoticePolicy = {
    leaseMs: config.BATON_NOTICE_LEASE_MS,
    routeOf: (reason) => {
      const route = findRoute(given.routes, reason);
      return { ...route, tell: [LOG_CHANNEL, ...route.tell] };
    },
  };
  const switchboard = connectChannels(service, given);
  const bucket: RecordBookParts = {
    mesh,
    keepAnsweredMs: config.BATON_ANSWERED_KEEP_HOURS * HOUR_MS,
    onForeign: (key, why) =>
      log.warn({ key: key.slice(0, 80), why }, "record in REVIEWS can't be read; made anew"),
  };
  const copy = openRecordCopy(mesh);
  service.onShutdown("copy of the records", () => copy.close());
  observeReviews(service.meter, copy, now);
  const common: Common = { mesh, bucket, copy, switchboard, policy, log, now };
  const desk = openReviewDesk({ ...common, book: openRecordBook(REVIEWS, bucket) });
  service.mount(createReviewsApi(copy, () => switchboard.states(), now));
  const sweep = createReviewSweep({ ...common, desk });
  const answers = openAnswerWatch({ ...common, desk });
  service.onShutdown("answers", () => answers.stop());
  const health = { sweptMs: now(), trouble: undefined as string | undefined };
  const sweeping = repeat(config.BATON_REVIEW_CHECK_MS, signal, async () => {
    try {
      // Before the sweep: what is answered while it runs is seen by one of them.
      await answers.keep();
      await sweep();
      health.sweptMs = now();
      health.trouble = undefined;
    } catch (error) {
      health.trouble = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) log.warn({ err: error }, "reviews not swept; tried again");
    }
  });
  service.onShutdown("review sweep", () => sweeping);
  const keeping = repeat(config.BATON_REVIEW_CHECK_MS, signal, async () => {
    if (copy.whole) await switchboard.keep((name) => openOn(copy, name), policy.leaseMs / 3);
  });
  service.onShutdown("open notices", () => keeping);
  const worker = startReviewIntake({ mesh, desk, log });
  service.onShutdown("review intake", () => worker.stop(config.BATON_SHUTDOWN_GRACE_MS * 0.6));
  lookAfterMatters(service, common);
  service.registerCheck("server", () => answer(mesh.trouble()));
  checkRelease(service, mesh);
  service.registerCheck("entries", () => answer(silence(worker.silentMs())));
  service.registerCheck("reviews", () => {
    if (!copy.whole) return answer(`reading the reviews${because(health.trouble)}`);
    const ageMs = now() - health.sweptMs;
    const isStale = ageMs > Math.max(SILENT_MS, config.BATON_REVIEW_CHECK_MS * STALE_SWEEPS);
    const age = `not looked after for ${Math.round(ageMs / 1000)} s`;
    return answer(isStale ? `${age}${because(health.trouble)}` : undefined);
  });
}

function checkRelease(service: ServiceContext<EscalationConfig>, mesh: Mesh): void {
  service.registerCheck("release", () => {
    // Degraded, not unready: what this release can read is looked after.
    const reason = mesh.newer.reason();
    const open = "something waits for a newer release";
    return reason === undefined ? { ok: true } : { ok: true, reason, open };
  });
}

/** What reviews and matters are looked after with. */
interface Common {
  readonly mesh: Mesh;
  readonly bucket: RecordBookParts;
  readonly copy: RecordCopy;
  readonly switchboard: Switchboard;
  readonly policy: NoticePolicy;
  readonly log: Log;
  readonly now: () => number;
}

function lookAfterMatters(service: ServiceContext<EscalationConfig>, common: Common): void {
  const { config, signal, onShutdown, registerCheck } = service;
  const book = openRecordBook(MATTERS, common.bucket);
  const desk = openMatterDesk({ ...common, book });
  const watch = startMatterWatch({ ...common, sweep: createMatterSweep({ ...common, desk }) });
  const looking = repeat(config.BATON_REVIEW_CHECK_MS, signal, () => watch.look());
  const asking = repeat(
    config.BATON_REVIEW_CHECK_MS,
    signal,
    createEngineWatch({ ...common, book }),
  );
  onShutdown("matters of the mesh", async () => {
    await Promise.all([looking, asking]);
    await watch.stop();
  });
  registerCheck("controls", () => {
    const ms = watch.agedMs();
    const age = Number.isFinite(ms) ? `for ${Math.round(ms / 1000)} s` : "yet";
    return answer(ms > SILENT_MS ? `the mesh's controls weren't read ${age}` : undefined);
  });
}

function connectChannels(
  { log, meter, signal, registerCheck }: ServiceContext<EscalationConfig>,
  policy: EscalationPolicy,
): Switchboard {
  const now = Date.now;
  let count: OnAttempt = () => undefined;
  const switchboard = openSwitchboard({
    channels: openChannels(policy, { log, now }),
    now,
    stopping: signal,
    onAttempt: (...attempt) => count(...attempt),
  });
  count = observeChannels(meter, () => switchboard.states(), now);
  registerCheck("channels", () => {
    const troubles = switchboard
      .states()
      .flatMap(({ name, trouble }) => (trouble ? [`${name}: ${trouble.why}`] : []));
    // Said, but no reason to count as not ready: starting this process again wouldn't mend a receiver.
    return troubles.length === 0 ? { ok: true } : { ok: true, reason: troubles.join("; ") };
  });
  return switchboard;
}

/** All that is open and that a channel was to be told of. */
function openOn(copy: RecordCopy, channel: string): Notice[] {
  const standing = <R extends Told>(records: Iterable<R>, wording: Wording<R>): Notice[] =>
    [...records]
      .filter(({ state, channels }) => state === "open" && Object.hasOwn(channels, channel))
      .map((record) => standingNotice(wording, record));
  return [...standing(copy.reviews(), REVIEW_WORDING), ...standing(copy.matters(), MATTER_WORDING)];
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
