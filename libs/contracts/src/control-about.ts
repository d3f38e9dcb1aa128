/** What a change of the mesh's controls is about, beside its cause and the state after it: facts, as in entries (about.ts). */
import { z } from "zod";

import { MAX_TEXT } from "./failure.ts";
import { Identity } from "./identity.ts";
import { IncidentClass, IncidentScope } from "./incident-scope.ts";
import { CandidateId, Instant } from "./names.ts";
import { openUnion, wireObject } from "./wire.ts";

const Id = z.string().max(40);
const Ticket = z.string().max(120);

/** One kind for each change. */
export const ControlAbout = openUnion([
  wireObject({ kind: z.literal("made") }),
  wireObject({ kind: z.literal("engaged") }),
  /** Engaged once more: whose wishes for its release are taken back. */
  wireObject({ kind: z.literal("kept-engaged"), takenBack: z.array(Identity).max(10) }),
  /** A second person is needed by then. */
  wireObject({ kind: z.literal("release-asked"), until: Instant }),
  wireObject({
    kind: z.literal("released"),
    by: z.array(Identity).max(10),
    since: Instant,
    engagedBy: Identity,
  }),
  wireObject({
    kind: z.literal("incident-opened"),
    id: Id,
    class: IncidentClass,
    scope: IncidentScope,
  }),
  wireObject({ kind: z.literal("incident-closed"), id: Id }),
  wireObject({
    kind: z.literal("emergency"),
    id: Id,
    task: Id,
    ticket: Ticket,
    scope: CandidateId,
    until: Instant,
  }),
  wireObject({
    kind: z.literal("task-closed"),
    id: Id,
    ticket: Ticket,
    scope: CandidateId,
    commit: z.string().max(64),
  }),
  wireObject({
    kind: z.literal("emergencies-over"),
    of: z.array(wireObject({ id: Id, ticket: Ticket })).max(64),
  }),
  /** A new epoch begins: what of history was accepted as lost. */
  wireObject({
    kind: z.literal("epoch"),
    n: z.int().min(2),
    lost: z.string().max(MAX_TEXT),
  }),
]);
export type ControlAbout = z.infer<typeof ControlAbout>;
