import type { Identity } from "@baton/contracts";

/** Names that differ only in case, blanks or the form of their characters are one person's. */
export function isSamePerson(one: Identity, other: Identity): boolean {
  const folded = (name: Identity): string =>
    name.normalize("NFKC").trim().replaceAll(/\s+/g, " ").toLowerCase();
  return folded(one) === folded(other);
}
