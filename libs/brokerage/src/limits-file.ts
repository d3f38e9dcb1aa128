/**
 * The operator's file of limits (`BATON_LIMITS`), a YAML document:
 *
 *     version: baton-limits-v2
 *     total: { limits: { notional: 20000000 }, why: … }   # all accounts together; may be left out
 *     accounts:
 *       cand-0123456789ab:            # an account's name, or "*" for all that aren't named
 *         limits: { notional: 2000000, orderNotional: 900000, position: 50000, ordersPerMinute: 60 }
 *         why: agreed on by the risk committee
 *         raised: { mesh: mesh-…, at: …, until: … }   # only where one of the limits is above the default
 *         raisedBy:                   # `baton limits sign` adds both
 *           - { publicKey: U…, signature: … }
 *           - { publicKey: U…, signature: … }
 *
 * F1: lowering takes nobody, raising above the default takes the signatures of two different people who have the role
 *     `raise-limits` in the key registry, over exactly these figures for exactly this account. One alone, or a changed figure, and
 *     the file isn't taken at all. In a registry that gives nobody the role, nobody raises anything.
 * F2: a raise is of one mesh and of a time: one of another mesh, or that begins in the future or lasts too long, isn't taken;
 *     when it is over the default holds again, and the file stays good.
 */
import {
  canonicalJson,
  CommandSignature,
  type Identity,
  Instant,
  isSamePerson,
  MeshName,
  printableText,
  type Role,
} from "@baton/contracts";
import type { People } from "@baton/people";
import { readYaml, YamlError } from "@baton/text";
import { fromPublic } from "@nats-io/nkeys";
import { z } from "zod";

import {
  DEFAULT_LIMITS,
  DEFAULT_TOTAL,
  type LimitBook,
  lowerOf,
  OrderLimits,
  raisedOver,
  TotalLimits,
} from "./limits.ts";
import { Account } from "./order.ts";

/** Largest file that is read, in bytes. */
const MAX_LIMITS_BYTES = 1_000_000;
/** Different people that a raised limit takes. */
const SIGNERS = 2;
/** Most people that a fault names. */
const MAX_NAMED = 10;
/** The role that they have in the key registry: not everybody who may ask for something, a pipeline's key among them. */
export const RAISE_ROLE: Role = "raise-limits";
/** The entry for every account that has none of its own. */
const EVERYBODY = "*";
/** What the entry of all accounts together is called. */
const TOTAL = "total";

const DAY_MS = 86_400_000;
/** Longest time that a raise may hold, in days; then people agree anew. */
export const MAX_RAISE_DAYS = 90;
/** A raise may begin so long after this clock's time: two clocks are never the same. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** So long before its end a raise is told. */
const TOLD_BEFORE_MS = 7 * DAY_MS;

/** For which mesh a raise is, from when and until when. */
export const Raise = z.strictObject({ mesh: MeshName, at: Instant, until: Instant });
export type Raise = z.infer<typeof Raise>;

const said = {
  why: printableText(z.string().trim().min(1).max(1000), "why", "lines"),
  raised: Raise.optional(),
  raisedBy: z.array(CommandSignature).max(16).default([]),
};
const AccountEntry = z.strictObject({ limits: OrderLimits, ...said });
const TotalEntry = z.strictObject({ limits: TotalLimits, ...said });

/** The file's content. */
export const LimitsDocument = z.strictObject({
  version: z.literal("baton-limits-v2", {
    error: "must be baton-limits-v2, whose raises name a mesh and an end (docs/limits.md)",
  }),
  total: TotalEntry.optional(),
  accounts: z.record(z.union([z.literal(EVERYBODY), Account]), AccountEntry),
});
export type LimitsDocument = z.infer<typeof LimitsDocument>;

/** An entry of the file with what it is for and what holds without it. */
export interface LimitsEntry {
  /** An account, "*", or "total". */
  readonly of: string;
  readonly entry: z.infer<typeof AccountEntry> | z.infer<typeof TotalEntry>;
  /** Names of its limits above the default. */
  readonly raised: readonly string[];
}

/** All entries of a document. */
export function limitsEntries({ total, accounts }: LimitsDocument): LimitsEntry[] {
  const ofTotal = total
    ? [{ of: TOTAL, entry: total, raised: raisedOver(DEFAULT_TOTAL, total.limits) }]
    : [];
  const ofAccounts = Object.entries(accounts).map(([of, entry]) => {
    return { of, entry, raised: raisedOver(DEFAULT_LIMITS, entry.limits) };
  });
  return [...ofTotal, ...ofAccounts];
}

/** The text whose UTF-8 bytes a person signs: what they agree to, for which mesh, until when, and why. */
export function limitsText(
  of: string,
  entry: Pick<LimitsEntry["entry"], "limits" | "why" | "raised">,
): string {
  const { limits, why, raised } = entry;
  const scope = of === TOTAL ? { total: true } : { account: of };
  return canonicalJson({ type: "baton-limits-v2", ...scope, limits, why, raised: raised ?? null });
}

/** What a file's limits are held against. */
export interface LimitsContext {
  /** The key registry: whose key is whose, and who may raise a limit. */
  readonly people: People;
  /** The mesh that broker and engine belong to; undefined where nobody said: then nothing can be raised. */
  readonly mesh: string | undefined;
  readonly now: () => Date;
}

/** The limits in a file's text, or what is wrong with it. */
export function parseLimits(
  text: string,
  context: LimitsContext,
): { readonly book: LimitBook } | { readonly faults: readonly string[] } {
  const read = readLimitsDocument(text);
  if ("faults" in read) return read;
  const { document } = read;
  const entries = limitsEntries(document);
  const faults = entries.flatMap((entry) => faultOf(entry, context));
  if (faults.length > 0) return { faults };
  const time = (): number => context.now().getTime();
  const untilOf = ({ raised }: LimitsEntry["entry"]): number =>
    raised ? Date.parse(raised.until) : Number.POSITIVE_INFINITY;
  const accounts = new Map(Object.entries(document.accounts));
  return {
    book: {
      of: (account) => {
        const entry = accounts.get(account) ?? accounts.get(EVERYBODY);
        if (entry === undefined) return DEFAULT_LIMITS;
        return time() < untilOf(entry) ? entry.limits : lowerOf(DEFAULT_LIMITS, entry.limits);
      },
      total: () => {
        const { total } = document;
        if (total === undefined) return DEFAULT_TOTAL;
        return time() < untilOf(total) ? total.limits : lowerOf(DEFAULT_TOTAL, total.limits);
      },
      ending: () =>
        entries.flatMap(({ of, entry, raised }) => {
          if (raised.length === 0 || entry.raised === undefined) return [];
          const left = untilOf(entry) - time();
          return left < TOLD_BEFORE_MS
            ? [{ of, until: entry.raised.until, isOver: left <= 0 }]
            : [];
        }),
    },
  };
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

function faultOf({ of, entry, raised }: LimitsEntry, context: LimitsContext): string[] {
  if (raised.length === 0) return [];
  const signers: Identity[] = [];
  const without: Identity[] = [];
  for (const one of entry.raisedBy) {
    const owner = context.people.get(one.publicKey);
    if (owner === undefined) return [`${of}: the key registry doesn't have ${one.publicKey}`];
    const { name } = owner;
    if (!isSignedBy(one, of, entry))
      return [`${of}: ${name}'s signature is not of these figures, mesh, dates and this reason`];
    if (!mayRaise(owner)) without.push(name);
    else if (!signers.some((known) => isSamePerson(known, name))) signers.push(name);
  }
  if (signers.length < SIGNERS)
    return [
      `${of}: ${raised.join(", ")} above the default takes the signatures of ${SIGNERS} different people with the role ${RAISE_ROLE}; ${signersText(signers, without)}; ${whoMayText(context.people)}`,
    ];
  const fault = raiseFault(entry.raised, context);
  return fault === undefined ? [] : [`${of}: ${fault}`];
}

/** True if somebody's signature counts under a raised limit. */
export function mayRaise({ roles }: { readonly roles: readonly Role[] }): boolean {
  return roles.includes(RAISE_ROLE);
}

function signersText(signers: readonly Identity[], without: readonly Identity[]): string {
  const names = signers.length === 0 ? "nobody" : `${signers.join(", ")} only`;
  const signed = without.length + signers.length === 0 ? "nobody has signed" : `signed by ${names}`;
  return without.length === 0 ? signed : `${signed}, and by ${without.join(", ")} without it`;
}

/** Whose signatures count, and how others get the role. */
export function whoMayText(people: People): string {
  const names = [...new Set([...people.values()].filter(mayRaise).map(({ name }) => name))];
  const shown = [...names.slice(0, MAX_NAMED), ...(names.length > MAX_NAMED ? ["…"] : [])];
  const whoMay =
    names.length === 0
      ? "nobody has it"
      : `${shown.join(", ")} ${names.length === 1 ? "has" : "have"} it`;
  return `${whoMay}, and whoever keeps the key registry gives it to a person there, as in \`roles: [${RAISE_ROLE}]\``;
}

/** What is wrong with the mesh and the dates of a raise (F2). */
export function raiseFault(
  raise: Raise | undefined,
  { mesh, now }: Pick<LimitsContext, "mesh" | "now">,
): string | undefined {
  if (raise === undefined) return "a raised limit names its mesh and its end: `raised` is missing";
  if (mesh === undefined)
    return `it is raised for ${raise.mesh}, and nobody said which mesh this is (BATON_MESH_NAME)`;
  if (raise.mesh !== mesh) return `it is raised for ${raise.mesh}, and this is ${mesh}`;
  const [at, until] = [Date.parse(raise.at), Date.parse(raise.until)];
  if (at > now().getTime() + CLOCK_SKEW_MS) return `it is signed at ${raise.at}, in the future`;
  if (until <= at) return `it ends at ${raise.until}, before it begins`;
  if (until - at > MAX_RAISE_DAYS * DAY_MS)
    return `it lasts from ${raise.at} to ${raise.until}, and ${MAX_RAISE_DAYS} days are the most`;
  return undefined;
}

/** True if that signature is of this entry as it stands. */
export function isSignedBy(
  one: CommandSignature,
  of: string,
  entry: LimitsEntry["entry"],
): boolean {
  return isSigned(limitsText(of, entry), one);
}

function isSigned(text: string, { publicKey, signature }: CommandSignature): boolean {
  try {
    const bytes = new TextEncoder().encode(text);
    return fromPublic(publicKey).verify(bytes, Buffer.from(signature, "base64url"));
  } catch {
    return false;
  }
}
