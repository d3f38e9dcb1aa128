/** Commands: what a person or a system asks for. Strict: an unknown key is refused, never ignored. */
import { z } from "zod";

import { canonicalJson } from "./canonical-json.ts";
import { PublicKey, Signature } from "./command-signature.ts";
import { ControlAbout } from "./control-about.ts";
import { MAX_TEXT } from "./failure.ts";
import { Identity } from "./identity.ts";
import {
  CandidateId,
  CommandId,
  Holder,
  Instant,
  MeshName,
  RunId,
  Sha256,
  Stage,
  Traceparent,
} from "./names.ts";
import { AnyReason } from "./reason.ts";
import { printableText } from "./text.ts";
import { wireObject, WireVersion } from "./wire.ts";

/** Largest candidate specification in bytes of canonical JSON: it travels in every entry of its candidate. */
export const MAX_SPEC_BYTES = 16 * 1024;
/** Deepest nesting of a specification. */
export const MAX_SPEC_DEPTH = 16;

/** Header that names the inbox to which the receipt goes. */
export const REPLY_HEADER = "Baton-Reply";
/** What that inbox's name begins with where people may only listen to their own receipts. */
export const RECEIPT_INBOX = "_INBOX.baton-cli";

const common = {
  v: WireVersion,
  id: CommandId,
  candidateId: CandidateId,
  time: Instant,
  by: Identity,
  /** The mesh it is meant for; no other one takes it. */
  mesh: MeshName.optional(),
  /** With `signature`: proves that `by` asked. A coordinator that has a key registry takes no command without them. */
  publicKey: PublicKey.optional(),
  signature: Signature.optional(),
};
/** Why somebody asks; it may have several lines. */
export const Why = printableText(
  z.string().trim().min(1, "a reason is needed").max(MAX_TEXT),
  "why",
  "lines",
);

/** The candidate's specification as it was submitted; lane A checks what it means. */
export const SpecDocument = z.record(z.string(), z.unknown());
export type SpecDocument = z.infer<typeof SpecDocument>;

/** A specification on its way in: what couldn't be kept and hashed exactly as it came is refused. */
const SubmittedSpec = z
  .unknown()
  .superRefine((spec, context) => {
    const fault = specFault(spec);
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  })
  .pipe(SpecDocument);

function specFault(spec: unknown): string | undefined {
  if (typeof spec !== "object" || spec === null) return undefined;
  if (Object.hasOwn(spec, "__proto__")) return 'unknown key "__proto__"';
  if (isDeeperThan(MAX_SPEC_DEPTH, spec)) return `nested deeper than ${MAX_SPEC_DEPTH}`;
  try {
    canonicalJson(spec);
    return undefined;
  } catch {
    return "has no canonical form: a text in it holds half a surrogate pair";
  }
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

const More = z.int().min(1).max(1e15);
/** Of tokens, of millionths of the currency unit, of calls: at least one of them. */
const GrantMore = z
  .strictObject({ tokens: More.optional(), micros: More.optional(), calls: More.optional() })
  .refine((more) => Object.keys(more).length > 0, "grants nothing");

const AnyCommand = z.discriminatedUnion("type", [
  z.strictObject({
    ...common,
    type: z.literal("submit"),
    spec: SubmittedSpec,
    trace: Traceparent.optional(),
  }),
  z.strictObject({
    ...common,
    type: z.literal("approve"),
    why: Why,
    /** Digest of the evidence the person saw; refused if the candidate's evidence is another by now. */
    evidence: Sha256.optional(),
  }),
  z.strictObject({ ...common, type: z.literal("reject"), why: Why }),
  z.strictObject({ ...common, type: z.literal("pause"), why: Why }),
  z.strictObject({
    ...common,
    type: z.literal("resume"),
    why: Why,
    /** So much more than the playbook's budgets may be spent. */
    grant: GrantMore.optional(),
  }),
  /** Back to the start in a new run, the reason attached as feedback. */
  z.strictObject({ ...common, type: z.literal("send-back"), why: Why }),
  z.strictObject({ ...common, type: z.literal("cancel"), why: Why }),
]);

/** Anything that can be asked for. */
export const Command = AnyCommand.refine(
  ({ publicKey, signature }) => (publicKey === undefined) === (signature === undefined),
  { error: "publicKey and signature come together or not at all", path: ["signature"] },
);
export type Command = z.infer<typeof Command>;
export type CommandType = Command["type"];

/**
 * What the one who asked gets back: where the candidate stands now, or why not. It is about one command and no other one, and
 * signed by the coordinator's key where it has one: over its canonical JSON without `signature`.
 */
export const Receipt = wireObject({
  v: WireVersion,
  /** The mesh that answers. */
  mesh: MeshName,
  commandId: CommandId,
  candidateId: CandidateId,
  /** Digest of the command's bytes as they were sent: another one of the same id has another. */
  commandSha256: Sha256,
  /** Of the coordinator that answers. */
  publicKey: PublicKey.optional(),
  signature: Signature.optional(),
  outcome: z.discriminatedUnion("kind", [
    wireObject({
      kind: z.literal("accepted"),
      /** True if this changed nothing because it had been accepted before; the rest is the original receipt. */
      duplicate: z.boolean(),
      runId: RunId,
      stage: Stage,
      /** Sequence in the journal that records it. */
      sequence: z.int().positive(),
      time: Instant,
      /** One sentence with the particulars: for a hold or a cancellation also what still runs. */
      detail: z.string().max(MAX_TEXT).optional(),
      /** Of a duplicate: where the candidate stands by now, and who brought it there if a person did. */
      stands: wireObject({
        stage: Stage,
        holder: Holder,
        reason: AnyReason,
        since: Instant,
        by: Identity.optional(),
        why: z.string().optional(),
      }).optional(),
    }),
    /** Of a command about the whole mesh. */
    wireObject({
      kind: z.literal("controlled"),
      duplicate: z.boolean(),
      /** Sequence in CONTROLS that records it. */
      sequence: z.int().positive(),
      time: Instant,
      /** What changed, for programs; absent in an older coordinator's. */
      about: ControlAbout.optional(),
      detail: z.string().max(MAX_TEXT),
    }),
    wireObject({
      kind: z.literal("refused"),
      code: z.string(),
      message: z.string(),
      action: z.string(),
    }),
  ]),
});
export type Receipt = z.infer<typeof Receipt>;
