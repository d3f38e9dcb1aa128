const BLANK = "[redacted]";

/** Keys whose values never belong in a log; `seed` and token counts are data in Baton and stay. */
const SECRET_KEY =
  "[\\w-]*(?:password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key|access[-_]?key|authorization|cookie|credentials?|nkey|jwt)";
const SECRET_FIELD = new RegExp(`("${SECRET_KEY}":)("(?:[^"\\\\]|\\\\.)*"|[\\w.+-]+)`, "gi");
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@"\\]+@/gi;
/** Shorter values would blank ordinary text. */
const SHORTEST_SECRET = 6;

/**
 * A function that blanks secrets in a line of JSON.
 *
 * Three nets: fields with a telling name at any depth, credentials in URLs (also inside
 * sentences), and the given values themselves wherever they occur. It works on the finished line
 * because path-based redaction ends at the depth that somebody thought of, and errors from clients
 * carry their configuration in unforeseen places.
 */
export function createScrubber(secrets: readonly string[]): (line: string) => string {
  const values = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .map((secret) => JSON.stringify(secret).slice(1, -1));
  return (line) => {
    let scrubbed = line.replace(SECRET_FIELD, `$1"${BLANK}"`);
    if (scrubbed.includes("://")) scrubbed = scrubbed.replace(URL_PASSWORD, `$1${BLANK}@`);
    for (const value of values) scrubbed = scrubbed.replaceAll(value, BLANK);
    return scrubbed;
  };
}
