/** What tests ask about reviews. */
import { ReviewRecord, REVIEWS_BUCKET, type HashedEntry } from "@baton/contracts";
import type { Mesh } from "@baton/mesh";
import { AS_READER, eventually, type SpawnedService } from "@baton/testkit";
import { z } from "zod";

import { noticesOf } from "./playground.ts";

/** On a busy machine a server and several processes take their time. */
export const START_MS = 60_000;
/** Processes notice a lost server at once and a silent consumer after some seconds. */
export const OUTAGE_MS = 20_000;

/** The deduplication keys told about a candidate, in order. */
export const keysOf = (services: readonly SpawnedService[], candidateId: string): string[] =>
  noticesOf(...services)
    .filter((notice) => notice.candidateId === candidateId)
    .map(({ key }) => key);

/** Where the candidate stands. */
export async function lastOf(mesh: Mesh, candidateId: string): Promise<HashedEntry> {
  const last = await mesh.journal.last(candidateId);
  if (!last) throw new Error(`${candidateId} has no entry`);
  return last;
}

/** Asks another question of a candidate that is on hold, as a coordinator would, with a deadline near or far. */
export async function askAgain(
  mesh: Mesh,
  candidateId: string,
  deadlineInMs: number,
): Promise<number> {
  const { sequence, entry } = await mesh.journal.wholeStored(await lastOf(mesh, candidateId));
  const now = Date.now();
  const openedAt = new Date(now).toISOString();
  const appended = await mesh.journal.append({
    ...entry,
    n: entry.n + 1,
    prev: sequence,
    time: openedAt,
    reason: "DEADLINE_PASSED",
    deadline: new Date(now + deadlineInMs).toISOString(),
    review: { openedAt, next: null, evidence: null },
  });
  if (appended.kind !== "stored") throw new Error("the coordinator was faster");
  return appended.sequence;
}

/** Waits until the record is in this state and everything about it was told. */
export const settled = (
  mesh: Mesh,
  candidateId: string,
  state: string,
  withinMs = OUTAGE_MS,
): Promise<ReviewRecord> =>
  eventually(
    async () => {
      const record = await recordOf(mesh, candidateId);
      return record?.state === state && record.delivery === null ? record : undefined;
    },
    { what: `${candidateId} ${state} and told`, withinMs },
  );

/** The candidate's record in the bucket. */
export async function recordOf(mesh: Mesh, candidateId: string): Promise<ReviewRecord | undefined> {
  const of = { last_by_subj: `$KV.${REVIEWS_BUCKET}.${candidateId}` };
  const message = await mesh.jsm.streams.getMessage(`KV_${REVIEWS_BUCKET}`, of).catch(() => null);
  return message && message.data.length > 1 ? ReviewRecord.parse(message.json()) : undefined;
}

const Listed = z.object({
  total: z.number(),
  reviews: z.array(z.looseObject({ candidateId: z.string(), reason: z.string() })),
});

/** What `GET /reviews` answers. */
export async function listReviews(address: string, query = ""): Promise<z.infer<typeof Listed>> {
  const response = await fetch(`${address}/reviews${query}`, AS_READER);
  return Listed.parse(await response.json());
}
