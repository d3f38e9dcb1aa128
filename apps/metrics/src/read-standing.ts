import { type Holder, parseJournalSubject, Reason } from "@baton/contracts";
import { JournalCorrupt, parseEntry } from "@baton/mesh";

import type { Standing } from "./open-candidates.ts";

/** An entry begins with its names; holder and reason stand side by side within this many bytes. */
const HEAD_BYTES = 600;
const HOLDER_AND_REASON = /"holder":"([a-z-]{1,20})","reason":"([A-Z_]{1,40})"/;

/**
 * Where a journal message puts its candidate, or undefined if it isn't an entry (`baton doctor` lists those).
 *
 * Subject and head of the payload say it all; what doesn't look as the coordinator writes it is parsed in full.
 */
export function readStanding(message: {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
}): (Standing & { readonly candidateId: string }) | undefined {
  const subject = parseJournalSubject(message.subject);
  if (!subject) return undefined;
  const { candidateId, stage, holder } = subject;
  const reason = glanceAtReason(message.data, holder) ?? parsedReason(message);
  return reason === undefined ? undefined : { candidateId, stage, holder, reason };
}

function glanceAtReason(data: Uint8Array, holder: Holder): Reason | undefined {
  const head = Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, HEAD_BYTES));
  const found = HOLDER_AND_REASON.exec(head.toString("latin1"));
  return found?.[1] === holder ? Reason.safeParse(found[2]).data : undefined;
}

function parsedReason({ data, seq }: { data: Uint8Array; seq: number }): Reason | undefined {
  try {
    return parseEntry(data, seq).reason;
  } catch (error) {
    if (error instanceof JournalCorrupt) return undefined;
    throw error;
  }
}
