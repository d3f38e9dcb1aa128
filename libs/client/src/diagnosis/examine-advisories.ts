/** Messages that were set aside as unreadable, and dispatches that no lane answered. */
import { ADVISORY_SUBJECTS, STREAMS } from "@baton/contracts";
import { ageText } from "@baton/views";
import { z } from "zod";

import { readAll } from "../reading/read-candidate.ts";
import { streamInfo } from "./examine-streams.ts";
import { type Finding, ok, remark } from "./finding.ts";
import type { World } from "./world.ts";

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
export async function examineAdvisories({ session, serverNow }: World): Promise<Finding[]> {
  if (!(await streamInfo(session, STREAMS.advisories.name))) return [];
  const groups = new Map<string, Group>();
  for (const filter of ADVISORY_SUBJECTS) {
    const exhausted = filter.includes("MAX_DELIVERIES");
    await readAll(session, { stream: "advisories", filter }, (message) => {
      const advisory = parse(message.data);
      if (!advisory) return;
      const { stream, consumer, stream_seq: sequence, deliveries, reason } = advisory;
      const found = exhausted
        ? `${consumer} never answered in ${deliveries} deliveries, ${stream}`
        : `${consumer} set aside (${reason ?? "no reason given"}), ${stream}`;
      const group = groups.get(found) ?? {
        found,
        stream,
        exhausted,
        sequences: [],
        firstMs: message.storedMs,
        lastMs: message.storedMs,
      };
      group.sequences.push(sequence);
      group.lastMs = message.storedMs;
      groups.set(found, group);
    });
  }
  if (groups.size === 0) return [ok("set aside", "no message was set aside")];
  return Array.from(groups.values())
    .toSorted((a, b) => a.lastMs - b.lastMs)
    .slice(-SHOWN)
    .map((group) => describe(group, serverNow));
}

interface Group {
  readonly found: string;
  readonly stream: string;
  readonly exhausted: boolean;
  readonly sequences: number[];
  /** When the first and the last of them were set aside, in milliseconds since 1970. */
  readonly firstMs: number;
  lastMs: number;
}

function describe(
  { found, stream, exhausted, sequences, firstMs, lastMs }: Group,
  now: number,
): Finding {
  const latest = sequences.slice(-SHOWN).join(", ");
  const more = sequences.length > SHOWN ? ` and ${sequences.length - SHOWN} before` : "";
  const repair = exhausted
    ? "Read the lane's log; the candidate went to review (LANE_CRASH_LOOP)."
    : `\`nats stream get ${stream} ${sequences.at(-1) ?? 0}\` shows the latest; correct who sent it.`;
  const since = sequences.length === 1 ? "" : `, the first ${ageText(now - firstMs)} ago`;
  const when = `the last ${ageText(now - lastMs)} ago${since}`;
  return remark("set aside", `${found} ${latest}${more}, ${when}`, repair);
}

function parse(data: Uint8Array): z.infer<typeof Advisory> | undefined {
  try {
    return Advisory.safeParse(JSON.parse(new TextDecoder().decode(data))).data;
  } catch {
    return undefined;
  }
}
