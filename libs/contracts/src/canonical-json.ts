import canonicalize from "canonicalize";

/** Canonical JSON (RFC 8785): the same value gives the same bytes everywhere. Throws on what JSON can't hold. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("not a JSON value");
  return text;
}
