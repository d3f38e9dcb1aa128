/** What the server tells of deliveries that nobody settled, or that a lane set aside. */
import { STREAMS } from "@baton/contracts";
import { type Delivery, JournalCorrupt } from "@baton/mesh";
import { z } from "zod";

import type { IntakeParts } from "./intakes.ts";
import { refuseOther } from "./needs-newer.ts";

/** No delivery cap is higher; the number comes from an acknowledgement's subject, which a lane may make up. */
const MOST_DELIVERIES = 1000;

const Advisory = z.object({
  stream: z.string(),
  consumer: z.string(),
  stream_seq: z.int().positive(),
  deliveries: z.int().positive(),
  reason: z.string().optional(),
});

/**
 * A dispatch that its lane never answered, or set aside as unreadable, becomes a happening; the rest is for `doctor`. Throws what
 * the journal throws: the advisory comes again.
 */
export async function takeAdvisory(
  parts: Pick<IntakeParts, "mesh" | "coordinator">,
  delivery: Delivery,
  setAside: (why: string) => void,
): Promise<void> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(delivery.data));
  } catch {
    return setAside("E_MALFORMED not JSON");
  }
  const advisory = Advisory.safeParse(value);
  if (!advisory.success) return setAside("E_MALFORMED not an advisory");
  const { stream, stream_seq: dispatch, deliveries, reason } = advisory.data;
  if (stream === STREAMS.journal.name && advisory.data.consumer.startsWith("lane-")) {
    const stored = await parts.mesh.journal.at(dispatch).catch((error: unknown) => {
      // What no coordinator wrote is nobody's dispatch.
      if (error instanceof JournalCorrupt && !error.otherRelease) return undefined;
      return refuseOther(error);
    });
    // A lane settles whatever sequence it names on its own durable, and the server tells of it: that says nothing of another's.
    if (stored && stored.entry.holder !== advisory.data.consumer)
      return setAside(
        `E_DENIED of ${advisory.data.consumer}'s consumer, about a dispatch to ${stored.entry.holder}`,
      );
    if (stored)
      await parts.coordinator.settle(stored.entry.candidateId, {
        kind: "exhausted",
        dispatch,
        deliveries: Math.min(deliveries, MOST_DELIVERIES),
        ...(reason !== undefined && { why: reason }),
      });
  }
  delivery.ack();
}
