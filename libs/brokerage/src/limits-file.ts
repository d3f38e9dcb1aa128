/**
 * The operator's file of limits (`BATON_LIMITS`), a YAML document:
 *
 *     version: baton-limits-v1
 *     accounts:
 *       cand-0123456789ab:            # an account's name, or "*" for all that aren't named
 *         limits: { notional: 2000000, orderNotional: 900000, position: 50000, ordersPerMinute: 60 }
 *         why: agreed on by the risk committee
 *         raisedBy:                   # only where one of the limits is above the default; `baton limits sign` adds these
 *           - { publicKey: U…, signature: … }
 *           - { publicKey: U…, signature: … }
 *
 * F1: lowering takes nobody, raising above the default takes the signatures of two different people of the key registry, over
 *     exactly these figures for exactly this account. One alone, or a changed figure, and the file isn't taken at all.
 */
import {
  canonicalJson,
  CommandSignature,
  Identity,
  isSamePerson,
  printableText,
  PublicKey,
} from "@baton/contracts";
import { readYaml, YamlError } from "@baton/text";
import { fromPublic } from "@nats-io/nkeys";
import { z } from "zod";

import { DEFAULT_LIMITS, type LimitBook, OrderLimits, raisedOver } from "./limits.ts";
import { Account } from "./order.ts";

/** Largest file that is read, in bytes. */
const MAX_LIMITS_BYTES = 1_000_000;
/** Different people that a raised limit takes. */
const SIGNERS = 2;
/** The entry for every account that has none of its own. */
const EVERYBODY = "*";

const AccountLimits = z.strictObject({
  limits: OrderLimits,
  why: printableText(z.string().trim().min(1).max(1000), "why", "lines"),
  raisedBy: z.array(CommandSignature).max(16).default([]),
});

/** The file's content. */
export const LimitsDocument = z.strictObject({
  version: z.literal("baton-limits-v1"),
  accounts: z.record(z.union([z.literal(EVERYBODY), Account]), AccountLimits),
});
export type LimitsDocument = z.infer<typeof LimitsDocument>;

/** The text whose UTF-8 bytes a person signs: what they agree to for `account`, and why. */
export function limitsText(
  account: string,
  of: Pick<LimitsDocument["accounts"][string], "limits" | "why">,
): string {
  return canonicalJson({ type: "baton-limits-v1", account, limits: of.limits, why: of.why });
}

/** The limits in a file's text, or what is wrong with it. `ownerOf`: whose key that is in the key registry. */
export function parseLimits(
  text: string,
  ownerOf: (publicKey: string) => Identity | undefined,
): { readonly book: LimitBook } | { readonly faults: readonly string[] } {
  const read = readLimitsDocument(text);
  if ("faults" in read) return read;
  const accounts = new Map(Object.entries(read.document.accounts));
  const faults = [...accounts].flatMap(([account, entry]) => faultOf(account, entry, ownerOf));
  if (faults.length > 0) return { faults };
  const others = accounts.get(EVERYBODY)?.limits ?? DEFAULT_LIMITS;
  return { book: { of: (account) => accounts.get(account)?.limits ?? others } };
}

/** The document in a file's text, its signatures unchecked. */
export function readLimitsDocument(
  text: string,
): { readonly document: LimitsDocument } | { readonly faults: readonly string[] } {
  try {
    const parsed = LimitsDocument.safeParse(readYaml(text, { maxCharacters: MAX_LIMITS_BYTES }));
    if (parsed.success) return { document: parsed.data };
    return {
      faults: parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`),
    };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { faults: [`${error.message}; ${error.action}`] };
  }
}

function faultOf(
  account: string,
  entry: LimitsDocument["accounts"][string],
  ownerOf: (publicKey: string) => Identity | undefined,
): string[] {
  const raised = raisedOver(DEFAULT_LIMITS, entry.limits);
  if (raised.length === 0) return [];
  const signers: Identity[] = [];
  for (const one of entry.raisedBy) {
    const owner = ownerOf(one.publicKey);
    if (owner === undefined) return [`${account}: the key registry doesn't have ${one.publicKey}`];
    if (!isSigned(limitsText(account, entry), one))
      return [`${account}: ${owner}'s signature is not of these figures and this reason`];
    if (!signers.some((known) => isSamePerson(known, owner))) signers.push(owner);
  }
  if (signers.length >= SIGNERS) return [];
  const names = signers.length === 0 ? "nobody has signed" : `signed by ${signers.join(", ")} only`;
  return [
    `${account}: ${raised.join(", ")} above the default takes the signatures of ${SIGNERS} different people; ${names}`,
  ];
}

function isSigned(text: string, { publicKey, signature }: CommandSignature): boolean {
  try {
    const bytes = new TextEncoder().encode(text);
    return fromPublic(publicKey).verify(bytes, Buffer.from(signature, "base64url"));
  } catch {
    return false;
  }
}

const RegistryEntry = z.object({ name: Identity, publicKey: PublicKey });

/**
 * Whose key is whose, in the text of a key registry. Throws an Error where it isn't one; who it lets in is the coordinator's
 * to check in full.
 */
export function keyOwners(text: string): (publicKey: string) => Identity | undefined {
  const people = z.array(RegistryEntry).parse(readYaml(text, { maxCharacters: MAX_LIMITS_BYTES }));
  const owners = new Map(people.map(({ name, publicKey }) => [publicKey, name] as const));
  if (owners.size < people.length) throw new Error("a key is listed twice");
  return (publicKey) => owners.get(publicKey);
}
