/** When two failures are the same, and which ones are about the candidate at all. */
import type { Entry, Failure } from "@baton/contracts";

import { digestOf } from "../identify.ts";

/** Replacements in order: an address holds a path, a path holds ids, an id holds digits. */
const CHANGING: readonly (readonly [RegExp, string])[] = [
  [/[\p{C}\s]+/gu, " "],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`)>\]]+/g, "<url>"],
  [/(?<![\w.])(?:[a-z]:|~|\.{1,2})?(?:[\\/][^\s\\/"'`:;,()<>\]]+)+[\\/]?/g, "<path>"],
  [/\b0x[0-9a-f]+\b/g, "<id>"],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<id>"],
  [/\b(?=[a-z_]*[0-9])[0-9a-f]{6,}\b/g, "<id>"],
  [/\b(?=[a-z_]*[0-9])(?=[0-9_]*[a-z])[0-9a-z_]{16,}\b/g, "<id>"],
  [/\d+(?:[.,:_]\d+)*(?:e[-+]?\d+)?(?: ?(?:ns|us|µs|ms|s|min|h|d|b|[kmg]i?b|%)(?![\w]))?/g, "#"],
  [/#(?:[\s,;]+#)+/g, "#"],
];

/** A message without what changes from time to time (numbers, times, ids, paths, addresses), in lower case. */
export function normaliseMessage(message: string): string {
  let text = message.toLowerCase();
  for (const [pattern, by] of CHANGING) text = text.replace(pattern, by);
  return text.trim();
}

/** `<code>.<12 hex of SHA-256 over the normalised message>`: the same for failures that mean the same. */
export function failureSignature({ code, message }: Pick<Failure, "code" | "message">): string {
  return `${code}.${digestOf(normaliseMessage(message)).slice(0, 12)}`;
}

/** Codes that say that something which all of a lane's candidates work with is away, or does nothing for the moment. */
const OUTAGE =
  /^E_(?:UNAVAILABLE|BROKER_UNAVAILABLE|ENGINE_UNAVAILABLE|ENGINE_STOPPED|SANDBOX_UNAVAILABLE|MAIN_RESET|GIT_(?:UNAVAILABLE|TIMEOUT|LOCKED|DENIED|OWNERSHIP|REDIRECTED|FLOOD))$/;

/**
 * True for a transient failure that says that a service is away for everybody: the candidate waits, as there is nothing to
 * decide about it. Not for a source of data: one instrument's may be away while another's is there.
 */
export function isOutage({ class: kind, code }: Pick<Failure, "class" | "code">): boolean {
  return kind === "transient" && OUTAGE.test(code);
}

/** Endings of codes that name a fault of the infrastructure; a code is one, or ends in `_` and one. */
const INFRASTRUCTURE =
  /(?:^E?_?|_)(?:UNAVAILABLE|TIMEOUT|BEHIND|LOCKED|MOVED|ABORTED|CANCELLED|STOPPED|KILLED|STALLED|NOT_VERIFIED|ARTIFACT_MISSING)$/;

/** True for a transient failure that is about services, stores and processes, not about the candidate. */
export function isInfrastructure({ class: kind, code }: Pick<Failure, "class" | "code">): boolean {
  return kind === "transient" && (INFRASTRUCTURE.test(code) || OUTAGE.test(code));
}

/** True if a candidate stays with its lane although nobody works there: people are asked about another one. */
export function waitsForWorkers({ holder, about }: Pick<Entry, "holder" | "about">): boolean {
  return holder !== "review" && holder !== "closed" && about.kind === "no-workers";
}

/** True if a candidate stays with its lane because something is away. */
export function waitsForService({ holder, reason, failure }: Entry): boolean {
  const isWithLane = holder !== "review" && holder !== "closed";
  return isWithLane && reason === "RETRY_BACKOFF" && failure !== null && isOutage(failure);
}
