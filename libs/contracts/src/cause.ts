import { z } from "zod";

import { CommandSignature, Role } from "./command-signature.ts";
import { Identity } from "./identity.ts";
import { IncidentClass } from "./incident-scope.ts";
import { CommandId, Instant, Lane, PreciseInstant, Stage } from "./names.ts";
import { openUnion, wireObject } from "./wire.ts";

/**
 * What led to the entry. A newer release knows more kinds, which its type doesn't say: whoever switches over the kind has a default.
 */
export const CAUSES = [
  wireObject({
    kind: z.literal("command"),
    commandId: CommandId,
    type: z.string(),
    by: Identity,
    why: z.string().nullable(),
    /** Roles that the coordinator's key registry gave to the one who signed; absent where there is no registry. */
    roles: z.array(Role).max(16).optional(),
    /** Over the command as COMMANDS keeps it; absent if it wasn't signed. */
    signature: CommandSignature.optional(),
  }),
  /** `storedAt`: when the report was stored; the handoff is measured from it. */
  wireObject({
    kind: z.literal("report"),
    sequence: z.int().positive(),
    attempt: z.int().positive(),
    storedAt: PreciseInstant,
    from: Stage,
  }),
  wireObject({ kind: z.literal("deadline") }),
  /** `why`: what the lane said when it set the dispatch aside; absent if it said nothing. */
  wireObject({
    kind: z.literal("exhausted"),
    deliveries: z.int().positive(),
    why: z.string().max(300).optional(),
  }),
  /** A result in the awaited one's place that can't be read. `sequence`: in REPORTS; `why`: what is wrong with it. */
  wireObject({
    kind: z.literal("unreadable"),
    sequence: z.int().positive(),
    lane: Lane,
    why: z.string().max(300),
  }),
  /**
   * `since`: when the lane last gave a sign of life. `waiting`: candidates of the lane that waited when people were asked about this
   * one; `noted`: it waits too, and the question is another one's. Neither: as releases before these asked, about each for itself.
   */
  wireObject({
    kind: z.literal("no-workers"),
    lane: Lane,
    since: Instant,
    waiting: z.int().positive().optional(),
    noted: z.literal(true).optional(),
  }),
  wireObject({ kind: z.literal("workers-back"), lane: Lane }),
  /** `waiting`: candidates of the lane that waited for what is away when it was asked. */
  wireObject({ kind: z.literal("service-away"), lane: Lane, waiting: z.int().positive() }),
  /** People opened an incident that it is part of. */
  wireObject({
    kind: z.literal("incident"),
    incidentId: z.string().max(40),
    class: IncidentClass,
    by: Identity,
    why: z.string(),
  }),
  /** What stopped it on its way is over. */
  wireObject({ kind: z.literal("lifted") }),
] as const;
export const Cause = openUnion(CAUSES);
export type Cause = z.infer<typeof Cause>;
