/**
 * The channels of this process: tells a notice to several at once and keeps what is known about each.
 *
 * S1: every channel has its own turn, time and fate; none waits for another.
 * S2: a channel that failed rests, longer each time; then one notice tries it and the others wait for how that ends. So a receiver
 *     that hangs costs one notice's time per rest, however many wait.
 * S3: what was refused says nothing about the next notice: no rest.
 */
import { setTimeout as delay } from "node:timers/promises";

import type { Notice, NoticeKind } from "@baton/contracts";

import type { Channel, TellOutcome } from "./channel.ts";
import { type Attempt, MAX_PAUSE_MS, pauseAfter } from "./delivery-rules.ts";
import { openTurns, type Turns } from "./turns.ts";

/** What is known about a channel. */
export interface ChannelState {
  readonly name: string;
  readonly type: string;
  /** Undefined while it works, or before it was tried. */
  readonly trouble: { readonly sinceMs: number; readonly why: string } | undefined;
  /** When anybody was last told over it; undefined if nobody since the start. */
  readonly toldMs: number | undefined;
}

/** Called after every attempt. */
export type OnAttempt = (
  channel: string,
  what: NoticeKind | "keep",
  attempt: Exclude<Attempt, { kind: "deferred" }>,
) => void;

/** Tells notices. */
export interface Switchboard {
  /** True if it makes sense to try this channel now. */
  isReachable(name: string): boolean;
  /** Tells `names`; yields what became of them as it becomes known, every name once, all within the time. */
  deliver(
    notice: Notice,
    names: readonly string[],
    withinMs: number,
  ): AsyncGenerator<ReadonlyMap<string, Attempt>>;
  /** Lets a channel that forgets see what is open; `openOn` is asked for each such channel. */
  keep(openOn: (name: string) => readonly Notice[], withinMs: number): Promise<void>;
  states(): readonly ChannelState[];
}

/** What comes in so soon after the first answer is handed on together with it. */
const TOGETHER_MS = 50;
const STOPPING_MS = 1000;
/** Whoever found no place tries again after so long. */
const BUSY_MS = 1000;

interface Line {
  readonly channel: Channel;
  readonly turns: Turns;
  failures: number;
  /** When the last one of them was. */
  failedMs: number;
  restUntilMs: number;
  probing: boolean;
  trouble: ChannelState["trouble"];
  toldMs: number | undefined;
}

/** Opens a switchboard over channels of different names. */
export function openSwitchboard(parts: {
  readonly channels: readonly Channel[];
  readonly now: () => number;
  /** Aborted when the process is to stop: what is under way then has a second left. */
  readonly stopping: AbortSignal;
  readonly onAttempt: OnAttempt;
}): Switchboard {
  const { channels, now, stopping, onAttempt } = parts;
  const lines = new Map(channels.map((channel) => [channel.name, openLine(channel)]));
  const attempt = async (name: string, notice: Notice, withinMs: number): Promise<Attempt> => {
    const line = lines.get(name);
    if (!line) {
      const why = "this escalation service has no channel of that name";
      return { kind: "deferred", why, untilMs: now() + MAX_PAUSE_MS };
    }
    const made = await takeTurn({ line, withinMs, now, stopping }, (signal) =>
      line.channel.deliver(notice, signal),
    );
    if (made.kind !== "deferred") onAttempt(name, notice.kind, made);
    return made;
  };
  return {
    isReachable: (name) => {
      const line = lines.get(name);
      return line !== undefined && !isResting(line, now()) && !line.probing;
    },
    deliver: (notice, names, withinMs) =>
      asTheyArrive(names, (name) => attempt(name, notice, withinMs)),
    keep: async (openOn, withinMs) => {
      const keeping = [...lines.values()].map(async (line) => {
        const { channel } = line;
        const { name } = channel;
        if (!channel.keep) return;
        const made = await takeTurn({ line, withinMs, now, stopping }, async (signal) =>
          channel.keep?.(openOn(name), signal),
        );
        if (made && made.kind !== "deferred") onAttempt(name, "keep", made);
      });
      await Promise.all(keeping);
    },
    states: () =>
      Array.from(lines.values(), ({ channel, trouble, toldMs }) => {
        return { name: channel.name, type: channel.type, trouble, toldMs };
      }),
  };
}

/** What becomes of each name, in batches: what comes soon after the first is handed on together with it. */
async function* asTheyArrive(
  names: readonly string[],
  attempt: (name: string) => Promise<Attempt>,
): AsyncGenerator<ReadonlyMap<string, Attempt>> {
  let arrived = new Map<string, Attempt>();
  let bell = Promise.withResolvers<void>();
  const all = Promise.all(
    names.map(async (name) => {
      const made = await attempt(name);
      // Only now: the batch that was current before may be gone.
      arrived.set(name, made);
      bell.resolve();
    }),
  );
  for (let left = names.length; left > 0;) {
    await bell.promise;
    await Promise.race([all, delay(TOGETHER_MS, undefined, { ref: false })]);
    const batch = arrived;
    arrived = new Map();
    bell = Promise.withResolvers();
    left -= batch.size;
    yield batch;
  }
}

function openLine(channel: Channel): Line {
  return {
    channel,
    turns: openTurns(channel.maxInFlight),
    failures: 0,
    failedMs: 0,
    restUntilMs: 0,
    probing: false,
    trouble: undefined,
    toldMs: undefined,
  };
}

function isResting({ restUntilMs }: Line, nowMs: number): boolean {
  return nowMs < restUntilMs;
}

interface Turn {
  readonly line: Line;
  readonly withinMs: number;
  readonly now: () => number;
  readonly stopping: AbortSignal;
}

async function takeTurn<O extends TellOutcome | undefined>(
  { line, withinMs, now, stopping }: Turn,
  work: (signal: AbortSignal) => Promise<O>,
): Promise<O | Attempt> {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => undefined); // Nobody listens while it waits for its turn.
  const expireIn = (ms: number): NodeJS.Timeout =>
    setTimeout(() => {
      const error = new Error(`it didn't answer within ${Math.round(ms)} ms`);
      controller.abort(error);
      late.reject(error);
    }, ms);
  let timer = expireIn(stopping.aborted ? Math.min(withinMs, STOPPING_MS) : withinMs);
  const hurry = (): void => {
    clearTimeout(timer);
    timer = expireIn(Math.min(withinMs, STOPPING_MS));
  };
  stopping.addEventListener("abort", hurry, { once: true });
  let release: (() => void) | undefined;
  try {
    release = await line.turns.take(controller.signal);
    const postponed = postpone(line, release !== undefined, now());
    if (postponed) return postponed;
    const isProbe = line.failures > 0;
    const startedMs = now();
    if (isProbe) line.probing = true;
    try {
      const outcome = await Promise.race([work(controller.signal), late.promise]).catch(toOutcome);
      if (outcome) note(line, outcome, { startedMs, nowMs: now() });
      return outcome;
    } finally {
      if (isProbe) line.probing = false;
    }
  } finally {
    stopping.removeEventListener("abort", hurry);
    clearTimeout(timer);
    release?.();
  }
}

/** S2. */
function postpone(line: Line, hasTurn: boolean, nowMs: number): Attempt | undefined {
  const { trouble, restUntilMs, probing } = line;
  const why = trouble?.why ?? "many notices at once";
  if (isResting(line, nowMs)) return { kind: "deferred", why, untilMs: restUntilMs };
  if (probing || !hasTurn) return { kind: "deferred", why, untilMs: nowMs + BUSY_MS };
  return undefined;
}

function note(
  line: Line,
  outcome: TellOutcome,
  { startedMs, nowMs }: { startedMs: number; nowMs: number },
): void {
  if (outcome.kind === "told") {
    line.failures = 0;
    line.trouble = undefined;
    line.toldMs = nowMs;
    return;
  }
  line.trouble = { sinceMs: line.trouble?.sinceMs ?? nowMs, why: outcome.why };
  // Of several that were under way when it went down one counts.
  if (outcome.kind === "refused" || startedMs <= line.failedMs) return;
  line.failures += 1;
  line.failedMs = nowMs;
  line.restUntilMs = nowMs + Math.max(pauseAfter(line.failures), outcome.retryAfterMs ?? 0);
}

function toOutcome(error: unknown): TellOutcome {
  return { kind: "failed", why: error instanceof Error ? error.message : String(error) };
}
