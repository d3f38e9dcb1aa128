/**
 * A schema's yes in one pass over the value, for messages that come by the thousand: zod copies whatever it parses, and the
 * copies of entries and reports were a third of a lane's garbage.
 *
 * F1: a yes means that zod would accept the value and hand back an equal one; no key is unknown, nothing would be changed.
 * F2: anything else is no verdict: whoever asks lets zod parse, so a rule is written once, in the schema, and zod has the words.
 * F3: what is asked about came out of JSON.parse.
 */
import type { z } from "zod";

type Conforms = (value: unknown) => boolean;
type Checks = readonly { readonly _zod: { readonly def: object } }[];

/** A fast yes for `schema`, or never a yes where a part of it isn't understood. Compile once. */
export function conformanceTo<T>(schema: z.ZodType<T>): (value: unknown) => value is T {
  const conforms = compile(schema) ?? never;
  return (value): value is T => conforms(value);
}

const never: Conforms = () => false;
const always: Conforms = () => true;

/** Undefined: not understood. */
function compile(schema: object): Conforms | undefined {
  const def: unknown = Reflect.get(Reflect.get(schema, "_zod") ?? {}, "def");
  return isDef(def) ? compileDef(def) : undefined;
}

/** What the definitions of zod's types have; each only of its own type. */
interface Def {
  readonly type: string;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly checks?: Checks;
  readonly fn?: (value: unknown) => unknown;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly innerType?: object;
  readonly element?: object;
  readonly keyType?: object;
  readonly valueType?: object;
  readonly shape?: Readonly<Record<string, object>>;
  /** Schema of keys that aren't in the shape; absent: they are left out. */
  readonly catchall?: object;
  readonly discriminator?: string;
  readonly options?: readonly object[];
}

function isDef(def: unknown): def is Def {
  return typeof def === "object" && def !== null && "type" in def;
}

function compileDef(def: Def): Conforms | undefined {
  switch (def.type) {
    case "unknown":
      return def.checks?.length ? undefined : always;
    case "boolean":
      return def.checks?.length ? undefined : (value) => typeof value === "boolean";
    case "literal":
    case "enum": {
      const values = new Set(def.values ?? Object.values(def.entries ?? {}));
      return def.checks?.length ? undefined : (value) => values.has(value);
    }
    case "string":
      return compileString(def);
    case "number":
      return compileNumber(def);
    case "custom":
      return def.fn && !def.checks?.length ? passes(def.fn) : undefined;
    case "nullable":
    case "optional":
      return compileMaybe(def);
    case "array":
      return compileArray(def);
    case "record":
      return compileRecord(def);
    case "object":
      return def.checks?.length ? undefined : compileObject(def);
    case "union":
      return def.checks?.length ? undefined : compileUnion(def);
    default:
      return undefined;
  }
}

function passes(fn: (value: unknown) => unknown): Conforms {
  return (value) => fn(value) === true;
}

/** The checks of a string, number or array as one list; undefined if one isn't understood. */
function compileChecks(checks: Checks = []): Conforms[] | undefined {
  const compiled: Conforms[] = [];
  for (const { _zod } of checks) {
    const one = compileCheck(_zod.def);
    if (!one) return undefined;
    compiled.push(one);
  }
  return compiled;
}

interface CheckDef {
  readonly check?: string;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: number;
  readonly inclusive?: boolean;
  readonly fn?: (value: unknown) => unknown;
}

function compileCheck(def: CheckDef): Conforms | undefined {
  const { check = "", pattern, minimum, maximum, value: bound, inclusive, fn } = def;
  switch (check) {
    case "string_format":
      return def.format === "regex" && pattern ? matches(pattern) : undefined;
    case "min_length":
      return minimum === undefined ? undefined : (value) => lengthOf(value) >= minimum;
    case "max_length":
      return maximum === undefined ? undefined : (value) => lengthOf(value) <= maximum;
    case "greater_than":
      if (typeof bound !== "number") return undefined;
      return (value) => Number(value) > bound || (inclusive === true && value === bound);
    case "less_than":
      if (typeof bound !== "number") return undefined;
      return (value) => Number(value) < bound || (inclusive === true && value === bound);
    case "custom":
      return fn && passes(fn);
    default:
      return undefined;
  }
}

/** Undefined for a pattern that remembers where it was. */
function matches(pattern: RegExp): Conforms | undefined {
  if (pattern.global || pattern.sticky) return undefined;
  return (value) => typeof value === "string" && pattern.test(value);
}

function lengthOf(value: unknown): number {
  return typeof value === "string" || Array.isArray(value) ? value.length : Number.NaN;
}

function compileString({ checks, format, pattern }: Def): Conforms | undefined {
  const all = compileChecks(checks);
  if (!all) return undefined;
  if (format !== undefined) {
    // zod checks other formats with more than their pattern.
    const own = format === "datetime" && pattern ? matches(pattern) : undefined;
    if (!own) return undefined;
    all.unshift(own);
  }
  return allOf((value) => typeof value === "string", all);
}

function compileNumber({ checks, format }: Def): Conforms | undefined {
  const all = compileChecks(checks);
  if (!all) return undefined;
  if (format !== undefined && format !== "safeint") return undefined;
  return allOf(format === undefined ? Number.isFinite : Number.isSafeInteger, all);
}

/** With the usual one or two checks written out: a loop over them would cost as much as they do. */
function allOf(first: Conforms, rest: readonly Conforms[]): Conforms {
  const [second, third] = rest;
  if (!second) return first;
  if (!third) return (value) => first(value) && second(value);
  return (value) => first(value) && rest.every((check) => check(value));
}

function compileMaybe({ type, innerType, checks }: Def): Conforms | undefined {
  const inner = innerType && !checks?.length ? compile(innerType) : undefined;
  if (!inner) return undefined;
  const absent = type === "nullable" ? null : undefined;
  return (value) => value === absent || inner(value);
}

function compileArray({ element, checks }: Def): Conforms | undefined {
  const each = element && compile(element);
  const all = compileChecks(checks);
  if (!each || !all) return undefined;
  return (value) => {
    if (!Array.isArray(value)) return false;
    for (let index = 0; index < value.length; index += 1) if (!each(value[index])) return false;
    return all.every((check) => check(value));
  };
}

function compileRecord({ keyType, valueType, checks }: Def): Conforms | undefined {
  const isKey = keyType && compile(keyType);
  const isValue = valueType && compile(valueType);
  if (!isKey || !isValue || checks?.length) return undefined;
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    for (const [key, one] of Object.entries(value)) {
      // zod leaves this key out.
      if (key === "__proto__" || !isKey(key) || !isValue(one)) return false;
    }
    return true;
  };
}

/** Keys are expected in the schema's order, as our writers write them; any other order takes a look-up per key. */
function compileObject({ shape = {}, catchall }: Def): Conforms | undefined {
  const keepsOthers = catchall !== undefined && compile(catchall) === always;
  const names = Object.keys(shape);
  const checks: Conforms[] = [];
  const optional: boolean[] = [];
  for (const schema of Object.values(shape)) {
    const check = compile(schema);
    if (!check) return undefined;
    checks.push(check);
    optional.push(Reflect.get(Reflect.get(schema, "_zod") ?? {}, "optin") === "optional");
  }
  const places = new Map(names.map((name, place) => [name, place]));
  const required = optional.filter((one) => !one).length;
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const fields: Readonly<Record<string, unknown>> = Object(value);
    let place = 0;
    let found = 0;
    for (const key in fields) {
      if (names[place] !== key) place = places.get(key) ?? names.length;
      const check = checks[place];
      if (check === undefined && keepsOthers && key !== "__proto__") continue;
      if (!check?.(fields[key])) return false;
      if (optional[place] !== true) found += 1;
      place += 1;
    }
    return found === required;
  };
}

function compileUnion({ discriminator, options = [] }: Def): Conforms | undefined {
  if (discriminator === undefined) return compileEither(options);
  const byValue = new Map<unknown, Conforms>();
  for (const option of options) {
    const conforms = compile(option);
    const values = literalsOf(option, discriminator);
    if (!conforms || !values) return undefined;
    for (const one of values) byValue.set(one, conforms);
  }
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    byValue.get(Reflect.get(value, discriminator))?.(value) === true;
}

/**
 * Of a plain union zod takes the first that fits, perhaps by leaving out what a later one knows: so the second counts only where
 * the first, a union by a discriminator, has nothing for that value.
 */
function compileEither([first, second, ...more]: readonly object[]): Conforms | undefined {
  const def: unknown = first && Reflect.get(Reflect.get(first, "_zod") ?? {}, "def");
  if (!first || !second || more.length > 0 || !isDef(def)) return undefined;
  const { discriminator, options = [] } = def;
  const [is, isOther] = [compile(first), compile(second)];
  if (discriminator === undefined || !is || !isOther) return undefined;
  const taken = new Set(options.flatMap((one) => literalsOf(one, discriminator) ?? []));
  return (value) =>
    is(value) || (isOther(value) && !taken.has(Reflect.get(Object(value), discriminator)));
}

function literalsOf(option: object, discriminator: string): readonly unknown[] | undefined {
  const def: unknown = Reflect.get(Reflect.get(option, "_zod") ?? {}, "def");
  const field = isDef(def) ? def.shape?.[discriminator] : undefined;
  const own: unknown = field && Reflect.get(Reflect.get(field, "_zod") ?? {}, "def");
  return isDef(own) && own.type === "literal" ? own.values : undefined;
}
