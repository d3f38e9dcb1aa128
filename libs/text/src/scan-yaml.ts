/** The first look at a YAML text: token by token, in time that grows with its length only, before anything is built from it. */
import { CST, Lexer } from "yaml";

import type { YamlFault } from "./yaml-error.ts";

/** Something that isn't taken, at an offset of the text. */
export interface Found {
  readonly fault: YamlFault;
  readonly offset: number;
  readonly what: string;
  readonly action: string;
}

/** What a text may have at most. */
export interface ScanLimits {
  readonly maxDepth: number;
  readonly maxNodes: number;
}

const REFUSED: Readonly<Record<string, Omit<Found, "offset">>> = {
  alias: {
    fault: "alias",
    what: "an alias (*name); none are taken here, as a short text can stand for an endless one",
    action: "write the value out, or put it in quotes if it is a text that begins with *",
  },
  anchor: {
    fault: "alias",
    what: "an anchor (&name); none are taken here, as there are no aliases",
    action: "leave the anchor out, or put the value in quotes if it is a text that begins with &",
  },
  tag: {
    fault: "tag",
    what: "a tag (!name); none are taken here",
    action: "leave it out, or put the value in quotes if it is a text that begins with !",
  },
  "directive-line": {
    fault: "syntax",
    what: "a directive (%); none are taken here",
    action: "leave the line out",
  },
};

/** The first thing that isn't taken; undefined if there is none. */
export function scanYaml(text: string, limits: ScanLimits): Found | undefined {
  let offset = 0;
  let depth = 0;
  let nodes = 0;
  let documents = 0;
  let inDocument = false;
  let mark: number | undefined;
  for (const source of new Lexer().lex(text)) {
    const type = CST.tokenType(source);
    const at = offset;
    // The lexer's own marks stand for no characters of the text.
    if (!MARKS.has(source)) offset += source.length;
    const refused = REFUSED[type ?? ""];
    if (refused) return { ...refused, offset: at };
    if (type === "flow-map-start" || type === "flow-seq-start") depth += 1;
    if (type === "flow-map-end" || type === "flow-seq-end") depth -= 1;
    if (depth > limits.maxDepth) return tooDeep(at, limits.maxDepth);
    if (source === SCALAR || type === "map-value-ind" || type === "seq-item-ind") nodes += 1;
    if (nodes > limits.maxNodes) return tooMany(at, limits.maxNodes);
    if (type === "doc-start" || type === "doc-end") inDocument = false;
    if (type === "doc-start") mark = at;
    if (!inDocument && BEGINS.has(type ?? "")) {
      documents += 1;
      inDocument = true;
    }
    if (documents > 1) return second(mark ?? at);
  }
  return undefined;
}

/** Characters by which the lexer says what follows: a byte order mark, a document, a broken flow, a scalar. */
const SCALAR = "\u001f";
const MARKS = new Set(["\u0002", "\u0018", SCALAR]);
/** Tokens that make a document of what was only comments and space. */
const BEGINS = new Set([
  "scalar",
  "single-quoted-scalar",
  "double-quoted-scalar",
  "block-scalar-header",
  "flow-map-start",
  "flow-seq-start",
  "seq-item-ind",
  "explicit-key-ind",
  "map-value-ind",
]);

/** A text that is nested deeper than may be. */
export function tooDeep(offset: number, most: number): Found {
  return {
    fault: "depth",
    offset,
    what: `nested too deeply: at most ${most} levels`,
    action: "make it flatter",
  };
}

function tooMany(offset: number, most: number): Found {
  return { fault: "nodes", offset, what: `more than ${most} values`, action: "make it shorter" };
}

function second(offset: number): Found {
  return {
    fault: "documents",
    offset,
    what: "a second document begins here (after ---); a file holds one",
    action: "put each document into a file of its own",
  };
}
