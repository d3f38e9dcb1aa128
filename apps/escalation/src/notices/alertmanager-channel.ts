/**
 * Alerts in Alertmanager by its v2 API.
 *
 * A1: a matter is one alert: its labels are the same from its opening to its end, but for `severity`. When that rises, the alert
 *     with the old one ends in the same request that starts the new one.
 * A2: an alert ends by itself at `endsAt` unless it is sent again: escalation that is gone for good leaves nothing behind. Every
 *     process sends all that is open again and again; equal labels make it the same alert, whoever sends it.
 * A3: what a process kept open and finds open no longer, it ends, whatever else was sent meanwhile: a late attempt, or another
 *     process that didn't know yet, may have opened it again.
 */
import type { ChannelName, Notice, Severity } from "@baton/contracts";

import type { Channel, TellOutcome } from "./channel.ts";
import { type Links, linkFor } from "./links.ts";
import { postJson } from "./post-json.ts";

/** One Alertmanager. */
export interface AlertmanagerSettings {
  readonly name: ChannelName;
  /** With a path prefix if it has one; without `/api/v2/alerts`. */
  readonly url: URL;
  /** Such as Basic or Bearer credentials. */
  readonly authorization: string | undefined;
  /** More labels for every alert. */
  readonly labels: Readonly<Record<string, string>>;
  /** An alert that isn't sent again ends after so long. */
  readonly lifetimeMs: number;
  readonly links: Links;
  readonly scrub: (text: string) => string;
  readonly now: () => number;
}

/** An alert as it is posted. */
interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

/** Alerts are sent so many times within their lifetime. */
const SENDS_PER_LIFETIME = 5;
/** Alerts in one request. */
const BATCH = 200;

/** Opens the channel to one Alertmanager; several of one cluster are several channels, as each must be told. */
export function createAlertmanagerChannel(settings: AlertmanagerSettings): Channel {
  const { name, url, authorization, scrub } = settings;
  const target = new URL(`${url.pathname.replace(/\/+$/, "")}/api/v2/alerts`, url);
  const headers = authorization === undefined ? {} : { authorization };
  const post = async (alerts: readonly Alert[], signal: AbortSignal): Promise<TellOutcome> => {
    for (let from = 0; from < alerts.length; from += BATCH) {
      const body = JSON.stringify(alerts.slice(from, from + BATCH));
      const outcome = await postJson({ url: target, body, headers, signal, scrub });
      if (outcome.kind !== "told") return outcome;
    }
    return { kind: "told" };
  };
  const keeper = openKeeper(settings);
  return {
    name,
    type: "alertmanager",
    maxInFlight: 8,
    deliver: (notice, signal) => post(alertsOf(notice, settings), signal),
    keep: async (open, signal) => {
      const round = keeper.next(open);
      if (round.alerts.length === 0) return undefined;
      const outcome = await post(round.alerts, signal);
      if (outcome.kind === "told") round.done();
      return outcome;
    },
  };
}

/** What is to be sent now, and what to call when it was. */
interface Round {
  readonly alerts: readonly Alert[];
  done(): void;
}

/** A2, A3: remembers what this process keeps open. */
function openKeeper(settings: AlertmanagerSettings): { next(open: readonly Notice[]): Round } {
  const { lifetimeMs, now } = settings;
  const kept = new Map<string, { notice: Notice; sentMs: number }>();
  let allSentMs = Number.NEGATIVE_INFINITY;
  return {
    next: (open) => {
      const nowMs = now();
      const isDue = nowMs - allSentMs >= lifetimeMs / SENDS_PER_LIFETIME;
      const matters = new Set(open.map(({ matter }) => matter));
      for (const [matter, { sentMs }] of kept)
        // It ended by itself.
        if (!matters.has(matter) && nowMs - sentMs > lifetimeMs) kept.delete(matter);
      const over = [...kept.values()].filter(({ notice }) => !matters.has(notice.matter));
      const toKeep = open.filter(({ matter, severity }) => {
        const before = kept.get(matter)?.notice;
        return isDue || (before && before.severity !== severity);
      });
      // Noted before it is sent: an attempt whose end isn't known may have opened it.
      for (const notice of toKeep) kept.set(notice.matter, { notice, sentMs: nowMs });
      return {
        alerts: [
          ...over.flatMap(({ notice }) => endedAlerts(notice, settings)),
          ...toKeep.flatMap((notice) => alertsOf(notice, settings)),
        ],
        done: () => {
          for (const { notice } of over) kept.delete(notice.matter);
          if (isDue) allSentMs = nowMs;
        },
      };
    },
  };
}

/** A1. The alert of a matter as it stands after this notice, and those that this one takes the place of. */
function alertsOf(notice: Notice, settings: AlertmanagerSettings): Alert[] {
  const nowMs = settings.now();
  const current = { ...baseOf(notice, settings), labels: labelsOf(notice, settings) };
  const endsAt =
    notice.kind === "resolved"
      ? instant(Date.parse(notice.answer?.at ?? notice.time))
      : instant(nowMs + settings.lifetimeMs);
  const former = notice.formerSeverities.map((severity) => ({
    ...current,
    labels: labelsOf({ ...notice, severity }, settings),
    endsAt: instant(Date.parse(notice.time)),
  }));
  return [...former, { ...current, endsAt }];
}

function endedAlerts(notice: Notice, settings: AlertmanagerSettings): Alert[] {
  const endsAt = instant(settings.now());
  return alertsOf(notice, settings).map((alert) => ({ ...alert, endsAt }));
}

function labelsOf(
  notice: Notice & { readonly severity: Severity },
  { labels }: AlertmanagerSettings,
): Record<string, string> {
  const { topic, reason, matter, subject, severity, facts } = notice;
  return {
    ...Object.fromEntries(
      Object.entries(facts).map(([name, value]) => [snakeCase(name), value] as const),
    ),
    ...labels,
    alertname: `Baton${pascalCase(topic)}${pascalCase(reason)}`,
    matter,
    reason,
    severity,
    subject,
  };
}

function baseOf(notice: Notice, { links }: AlertmanagerSettings): Omit<Alert, "labels" | "endsAt"> {
  const { summary, detail, action, deadline, openedAt } = notice;
  const runbook = linkFor(notice, links.runbook);
  const trace = linkFor(notice, links.trace);
  return {
    annotations: {
      summary,
      description: detail,
      action,
      ...(deadline !== null && { deadline }),
      ...(runbook !== undefined && { runbook_url: runbook }),
      ...(trace !== undefined && { trace_url: trace }),
    },
    startsAt: openedAt,
    ...(trace !== undefined && { generatorURL: trace }),
  };
}

function pascalCase(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1).toLowerCase()}`)
    .join("");
}

function snakeCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
