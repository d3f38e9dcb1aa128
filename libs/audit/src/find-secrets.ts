/** Looks for what must not leave the house. A second net: artifacts are made without secrets in the first place. */

const PATTERNS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["NATS seed", /\bS[AUOCNX][A-Z2-7]{56}\b/],
  ["credentials in a URL", /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/@"'\\:]{1,200}:[^\s/@"'\\]{1,200}@/i],
  ["cloud access key", /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/],
  [
    "access token",
    /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{60,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,})/,
  ],
  ["bearer token", /\bbearer\s+[A-Za-z0-9._~+/-]{20,}=*/i],
  ["JSON web token", /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/],
  [
    "named secret",
    /"[\w-]*(?:password|passwd|passphrase|secret|api[-_]?key|private[-_]?key|access[-_]?key)"\s*:\s*"[^"]{6,}"/i,
  ],
];
/** Shorter values occur in ordinary text. */
const SHORTEST_SECRET = 8;

/** Kinds of secret found in `bytes`; `known` are values that must not occur whatever they look like. Never tells the value. */
export function findSecrets(bytes: Uint8Array, known: readonly string[] = []): readonly string[] {
  // Latin-1 keeps every byte, so that text inside of binary content is seen too.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const kinds = PATTERNS.filter(([, pattern]) => pattern.test(text)).map(([kind]) => kind);
  const given = known.some((secret) => secret.length >= SHORTEST_SECRET && text.includes(secret));
  return given ? [...kinds, "value of a configured secret"] : kinds;
}
