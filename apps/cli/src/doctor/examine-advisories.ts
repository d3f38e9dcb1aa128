/** Messages that were set aside as unreadable, and dispatches that no lane answered. */
import { ADVISORY_SUBJECTS } from "@baton/contracts";
import { z } from "zod";

import { readAll } from "../journal/read-candidate.ts";
import type { Session } from "../session.ts";
import { type Finding, ok, remark } from "./finding.ts";

const Advisory = z.object({
  stream: z.string(),
  consumer: z.string(),
  stream_seq: z.int(),
  deliveries: z.int(),
  reason: z.string().optional(),
});

/** Groups and sequences that are shown. */
const SHOWN = 10;

/** What the advisories of the last thirty days tell, grouped by consumer and reason. */
export async function examineAdvisories(session: Pick<Session, "js">): Promise<Finding[]> {
  const groups = new Map<string, { found: string; sequences: number[] }>();
  for (const filter of ADVISORY_SUBJECTS) {
    const exhausted = filter.includes("MAX_DELIVERIES");
    await readAll(session, { stream: "advisories", filter }, (message) => {
      const advisory = parse(message.data);
      if (!advisory) return;
      const { stream, consumer, stream_seq: sequence, deliveries, reason } = advisory;
      const found = exhausted
        ? `${consumer} never answered in ${deliveries} deliveries, ${stream}`
        : `${consumer} set aside (${reason ?? "no reason given"}), ${stream}`;
      const group = groups.get(found) ?? { found, sequences: [] };
      group.sequences.push(sequence);
      groups.set(found, group);
    });
  }
  if (groups.size === 0) return [ok("set aside", "no message was set aside")];
  return Array.from(groups.values(), describe).slice(-SHOWN);
}

function describe({ found, sequences }: { found: string; sequences: readonly number[] }): Finding {
  const latest = sequences.slice(-SHOWN).join(", ");
  const more = sequences.length > SHOWN ? ` and ${sequences.length - SHOWN} before` : "";
  const repair = found.includes("never answered")
    ? "Read the lane's log; the candidate is in review (LANE_CRASH_LOOP)."
    : "Look at it with `nats stream get <stream> <sequence>`, and correct who sent it.";
  return remark("set aside", `${found} ${latest}${more}`, repair);
}

function parse(data: Uint8Array): z.infer<typeof Advisory> | undefined {
  try {
    return Advisory.safeParse(JSON.parse(new TextDecoder().decode(data))).data;
  } catch {
    return undefined;
  }
}
