/**
 * The one reader for every YAML text that comes from elsewhere: YAML 1.2, core schema, one document, JSON's values only.
 *
 * Y1: time and memory grow with the text's length, which is bounded; so are depth and number of values.
 * Y2: what is read is what a person sees: no aliases, anchors, tags, merge keys, duplicate keys, no number that isn't the one
 *     that is written.
 */
import {
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  type ParsedNode,
  type Scalar,
  type YAMLError,
} from "yaml";

import { cutTo, printable, quoted } from "./printable.ts";
import { type Found, scanYaml, tooDeep } from "./scan-yaml.ts";
import { YamlError } from "./yaml-error.ts";

export { YamlError } from "./yaml-error.ts";

/** What a text may have at most. */
export interface YamlLimits {
  readonly maxCharacters: number;
  /** Default 64. */
  readonly maxDepth?: number;
  /** Default 100,000. */
  readonly maxNodes?: number;
}

const MAX_DEPTH = 64;
const MAX_NODES = 100_000;
/** Of a text that is repeated in a message. */
const MAX_SHOWN = 60;

/** The value in `text`: what JSON can hold; null if there is none. Throws a YamlError. */
export function readYaml(text: string, limits: YamlLimits): unknown {
  return documentOf(text, limits).toJS({ maxAliasCount: 0 });
}

/**
 * Where things stand in a text that `readYaml` takes: the line, from 1, of the value at a path of keys and indices, or of the
 * deepest part of it that there is. Throws a YamlError as `readYaml` does.
 */
export function yamlLines(
  text: string,
  limits: YamlLimits,
): (path: readonly (string | number)[]) => number | undefined {
  const document = documentOf(text, limits);
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return text.slice(0, node.range[0]).split("\n").length;
    }
    return undefined;
  };
}

function documentOf(text: string, limits: YamlLimits) {
  const { maxCharacters, maxDepth = MAX_DEPTH, maxNodes = MAX_NODES } = limits;
  if (text.length > maxCharacters)
    throw errorAt(text, {
      fault: "size",
      offset: 0,
      what: `${text.length} characters; at most ${maxCharacters} are read`,
      action: "make it shorter",
    });
  const found = scanYaml(text, { maxDepth, maxNodes });
  if (found) throw errorAt(text, found);
  const document = parsed(text, maxDepth);
  const [broken] = document.errors;
  if (broken) throw errorAt(text, brokenAt(broken, maxDepth));
  const fault = document.contents === null ? undefined : faultIn(document.contents, 0, maxDepth);
  if (fault) throw errorAt(text, fault);
  return document;
}

function parsed(text: string, maxDepth: number) {
  try {
    return parseDocument(text, {
      version: "1.2",
      schema: "core",
      merge: false,
      strict: true,
      // Its own check compares each key with all before it.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "silent",
    });
  } catch (error) {
    // Its recursion ended.
    if (error instanceof RangeError) throw errorAt(text, tooDeep(0, maxDepth));
    throw error;
  }
}

function brokenAt({ pos, code, message }: YAMLError, maxDepth: number): Found {
  const [offset] = pos;
  // Its recursion ended.
  if (code === "RESOURCE_EXHAUSTION") return tooDeep(offset, maxDepth);
  const what = `isn't YAML: ${cutTo(printable(message.split("\n")[0] ?? ""), 200)}`;
  return { fault: "syntax", offset, what, action: "correct what stands there" };
}

/** The first thing below `node` that isn't taken. */
function faultIn(node: unknown, depth: number, maxDepth: number): Found | undefined {
  if (isScalar(node)) return faultOfNumber(node);
  if (!isMap(node) && !isSeq(node)) return undefined;
  const offset = offsetOf(node);
  if (depth >= maxDepth) return tooDeep(offset, maxDepth);
  const seen = new Set<string>();
  for (const item of node.items) {
    const pair = isPair(item) ? item : undefined;
    const wrong =
      (pair && faultOfKey(pair.key, seen, offset)) ??
      faultIn(pair ? pair.value : item, depth + 1, maxDepth);
    if (wrong) return wrong;
  }
  return undefined;
}

function faultOfKey(key: unknown, seen: Set<string>, near: number): Found | undefined {
  const offset = isScalar(key) ? offsetOf(key) : near;
  const value = isScalar(key) ? key.value : null;
  if (!isScalar(key) || !["string", "number", "boolean"].includes(typeof value))
    return {
      fault: "key",
      offset,
      what: "a key that is no text",
      action: "write one line of text before the colon",
    };
  const wrong = faultOfNumber(key);
  if (wrong) return wrong;
  const name = typeof value === "string" ? value : JSON.stringify(value);
  if (name === "<<")
    return {
      fault: "merge key",
      offset,
      what: "a merge key (<<); none are taken here",
      action: "write the keys out",
    };
  if (name === "__proto__")
    return { fault: "key", offset, what: 'unknown key "__proto__"', action: "leave it out" };
  if (seen.has(name))
    return {
      fault: "duplicate key",
      offset,
      what: `the key ${quoted(name, MAX_SHOWN)} stands here a second time`,
      action: "leave one of the two out",
    };
  seen.add(name);
  return undefined;
}

/** A number that isn't what is written: too large or too small for one, or with more digits than one holds. */
function faultOfNumber(scalar: Scalar): Found | undefined {
  const { value, source = "" } = scalar;
  if (typeof value !== "number" || isKept(source, value)) return undefined;
  const why = Number.isFinite(value)
    ? "has more digits than are kept"
    : "is no number that is kept";
  return {
    fault: "number",
    offset: offsetOf(scalar),
    what: `${quoted(source, MAX_SHOWN)} is read as a number and ${why}`,
    action: `put it in quotes if it is a text: ${quoted(source, MAX_SHOWN)}`,
  };
}

/** Whether the shortest text of a number, which is what goes on, says the same as what is written. */
function isKept(source: string, value: number): boolean {
  if (!Number.isFinite(value) || source.length > MAX_NUMBER) return false;
  const written = decimalOf(source);
  // Hexadecimal and octal integers.
  if (written === undefined) return Number.isSafeInteger(value);
  return written === decimalOf(String(value));
}

/** Characters of a number: nobody writes a longer one, and what is below takes longer than its length. */
const MAX_NUMBER = 100;
const DECIMAL = /^[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

/** Digits without zeros around them and the power of ten behind them; the same for 1.50, 15e-1 and 0.15E1. */
function decimalOf(text: string): string | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${significant}e${power}`;
}

function offsetOf(node: { readonly range?: ParsedNode["range"] | null | undefined }): number {
  return node.range?.[0] ?? 0;
}

function errorAt(text: string, { fault, offset, what, action }: Found): YamlError {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - (before.lastIndexOf("\n") + 1) + 1;
  return new YamlError({ fault, line, column, what, action });
}
