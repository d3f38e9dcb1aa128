/** Reading of JSON that somebody else wrote: what has another form than expected is a fault with a path, never a guess. */

/** A value that isn't what it should be; the message names its path. */
export class WrongForm extends Error {
  override readonly name = "WrongForm";
}

/** An object's fields by name. */
export interface Fields {
  text(this: void, name: string): string;
  textOrNull(this: void, name: string): string | null;
  number(this: void, name: string): number;
  numberOrNull(this: void, name: string): number | null;
  flag(this: void, name: string): boolean;
  object(this: void, name: string): Fields;
  objectOrNull(this: void, name: string): Fields | null;
  objects(this: void, name: string): Fields[];
  texts(this: void, name: string): string[];
  numbers(this: void, name: string): number[];
  has(this: void, name: string): boolean;
  /** The value as it is; undefined where there is none. */
  value(this: void, name: string): unknown;
  /** Own keys. */
  names(this: void): string[];
}

/** The fields of a parsed JSON value. Throws `WrongForm` if it isn't an object. */
function fieldsOf(value: unknown, path = ""): Fields {
  if (!isObject(value)) throw new WrongForm(`${path || "(top)"}: not an object`);
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const get = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
  const typed = <T>(name: string, is: (found: unknown) => found is T, what: string): T => {
    const found = get(name);
    if (!is(found)) throw new WrongForm(`${at(name)}: not ${what}`);
    return found;
  };
  const list = (name: string): unknown[] => typed(name, isList, "a list");
  return {
    text: (name) => typed(name, isText, "a text"),
    textOrNull: (name) => (get(name) === null ? null : typed(name, isText, "a text")),
    number: (name) => typed(name, isNumber, "a number"),
    numberOrNull: (name) => (get(name) === null ? null : typed(name, isNumber, "a number")),
    flag: (name) => typed(name, isFlag, "true or false"),
    object: (name) => fieldsOf(get(name), at(name)),
    objectOrNull: (name) => (get(name) === null ? null : fieldsOf(get(name), at(name))),
    objects: (name) => list(name).map((one, index) => fieldsOf(one, `${at(name)}.${index}`)),
    texts: (name) =>
      list(name).map((one, index) => {
        if (isText(one)) return one;
        throw new WrongForm(`${at(name)}.${index}: not a text`);
      }),
    numbers: (name) =>
      list(name).map((one, index) => {
        if (isNumber(one)) return one;
        throw new WrongForm(`${at(name)}.${index}: not a number`);
      }),
    has: (name) => Object.hasOwn(value, name),
    value: get,
    names: () => Object.keys(value),
  };
}

/** The fields of JSON text. Throws `WrongForm`. */
export function parseFields(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new WrongForm(`not JSON (${text.length} characters)`);
  }
  return fieldsOf(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
