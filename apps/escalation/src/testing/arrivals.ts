/** What arrived at a receiver. */
import { Notice } from "@baton/contracts";

import type { Received, Receiver } from "./receiver.ts";

/** The notices that arrived about a candidate, in order. */
export const noticesAbout = (receiver: Receiver, candidateId: string): Notice[] =>
  receiver.received
    .map(({ body }) => Notice.parse(JSON.parse(body)))
    .filter(({ subject }) => subject === candidateId);
/** Their kinds. */
export const kindsOf = (receiver: Receiver, candidateId: string): string[] =>
  noticesAbout(receiver, candidateId).map(({ kind }) => kind);

/** Every body that came under a key. */
export function bodiesByKey(received: readonly Received[]): Map<string, Set<string>> {
  const bodies = new Map<string, Set<string>>();
  for (const { headers, body } of received) {
    const key = headers["idempotency-key"] ?? "";
    bodies.set(key, (bodies.get(key) ?? new Set()).add(body));
  }
  return bodies;
}
