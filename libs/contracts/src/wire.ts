/**
 * How what is on the wire is read by a release that doesn't write it: the one rule for all messages, so that processes of two
 * releases work side by side (docs/upgrading.md).
 *
 * W1: keys that a reader doesn't know pass through, at every depth, and stand in what it makes of the message. So a key that is
 *     added must be safe to ignore; what has to be obeyed is a new major version, or a value where the set is closed.
 * W2: names in open sets (reason, cause, holder, lane, stage) stay as they are, and are shown so.
 * W3: a higher major version, or a name that isn't known where the set is closed, is `newer`: whoever gets it hands it back and
 *     waits for a newer release; nobody sets it aside, and nobody writes over it.
 * W4: everything else that doesn't fit is `malformed`.
 * W5: commands are the exception: they are strict, and what isn't known is refused by name at once. A condition that isn't
 *     obeyed is dangerous, and who asked is there to ask again.
 *
 * What a schema infers is strict nevertheless: writers can't write what this release doesn't know.
 */
import { z } from "zod";

/** The major version of every message that this release writes, and the highest that it reads. */
export const WIRE_VERSION = 1;
/** The field `v` of a message. A higher one never gets as far as the schema (W3). */
export const WireVersion = z.literal(WIRE_VERSION);

/** A name that this release doesn't know: only a reader meets it, and no writer can make one. */
export type Foreign = string & z.$brand<"foreign">;

/** An object of the wire (W1). */
export function wireObject<S extends z.core.$ZodLooseShape>(shape: S): z.ZodObject<S> {
  return z.looseObject(shape);
}

/** One of `options` by its `kind`, or an object of a kind that isn't among them (W2). */
export function openUnion<O extends readonly [z.ZodObject, ...z.ZodObject[]]>(
  options: O,
): z.ZodType<z.infer<O[number]>> {
  const known = z.discriminatedUnion("kind", [...options]);
  const names = kindsIn(options);
  const another = z.custom<never>((value) => {
    const kind: unknown = Object(value)["kind"];
    return isName(kind) && !names.has(kind);
  });
  return z.union([known, another]);
}

/** One of `names`, or a name that isn't among them (W2). */
export function openNames<const N extends readonly [string, ...string[]]>(
  names: N,
): z.ZodType<N[number]> {
  const another = z.custom<never>((value) => isName(value) && !names.includes(value));
  return z.union([z.enum(names), another]);
}

/** The kinds of the options. */
export function kindsIn(options: readonly z.ZodObject[]): ReadonlySet<unknown> {
  return new Set(
    options.flatMap(({ shape }) => {
      const kind: unknown = shape["kind"];
      return kind instanceof z.ZodLiteral ? [...kind.values] : [];
    }),
  );
}

function isName(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(value);
}

/** What a reader makes of a message; `why` in words, to go on with after what it is. */
export type Reading<T> =
  | { readonly kind: "read"; readonly value: T }
  | { readonly kind: "newer"; readonly why: string }
  | { readonly kind: "malformed"; readonly why: string };

/** Reads a value that came out of JSON.parse. */
export function readWire<T>(schema: z.ZodType<T>, value: unknown): Reading<T> {
  const v: unknown = Object(value)["v"];
  if (Number.isSafeInteger(v) && Number(v) > WIRE_VERSION)
    return { kind: "newer", why: `v: ${String(v)}, this release reads up to ${WIRE_VERSION}` };
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: "read", value: parsed.data };
  const { issues } = parsed.error;
  const isNewer = issues.every((issue) => isUnknownName(issue, value));
  return { kind: isNewer ? "newer" : "malformed", why: issueText(issues[0], value) };
}

type Issue = z.core.$ZodIssue;

/** True if the one thing wrong is a name, where this release knows others. */
function isUnknownName(issue: Issue, value: unknown): boolean {
  if (issue.code === "invalid_value")
    return (
      issue.values.every((one) => typeof one === "string") && isName(valueAt(value, issue.path))
    );
  return (
    issue.code === "invalid_union" &&
    issue.discriminator !== undefined &&
    isName(valueAt(value, issue.path))
  );
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    value,
  );
}

/** The first thing that is wrong, in words: where, what, and the value if it is a name. */
function issueText(issue: Issue | undefined, value: unknown): string {
  if (issue === undefined) return "(top): not read";
  const inner = issue.code === "invalid_union" ? issue.errors[0]?.[0] : undefined;
  const path = [...issue.path, ...(inner?.path ?? [])];
  const found = valueAt(value, path);
  const shown = isName(found) ? ` (${JSON.stringify(found)})` : "";
  return `${path.join(".") || "(top)"}: ${inner?.message ?? issue.message}${shown}`;
}
