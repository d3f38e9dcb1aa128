/** JSON text with the lines of its values, so that a fault is found again in the file. */

type Path = readonly (string | number)[];

/** A parsed document; or its one fault, with line and column. */
export type JsonSource =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** `$.a["b-c"][0] (line 3)` */
      readonly where: (path: Path) => string;
      /** Faults that parsing lets pass: a key that comes twice. */
      readonly faults: () => readonly string[];
    }
  | { readonly ok: false; readonly fault: string };

/** Parses JSON. Never throws. */
export function parseJsonSource(text: string): JsonSource {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, fault: `isn't JSON: ${reasonOf(text, error)}` };
  }
  let known: Lines | undefined;
  const lines = (): Lines => (known ??= linesOf(text));
  return {
    ok: true,
    value,
    where: (path) => {
      const at = jsonPath(path);
      const line = lines().of.get(at);
      return line === undefined ? at : `${at} (line ${line})`;
    },
    faults: () => lines().twice,
  };
}

/** A path as RFC 9535 writes it. */
export function jsonPath(path: Path): string {
  const parts = path.map((part) => {
    if (typeof part === "number") return `[${part}]`;
    return /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
  });
  return `$${parts.join("")}`;
}

function reasonOf(text: string, error: unknown): string {
  if (text.trim() === "") return "it is empty";
  const message = error instanceof Error ? error.message : String(error);
  // The parser's own message repeats the text around the fault: the position is enough.
  const [, what = message] =
    /^(.*?)(?: in JSON at position|,? (?:\.{3})?".* is not valid|$)/s.exec(message) ?? [];
  const before = text.slice(0, positionOf(message) ?? faultOf(text));
  const line = before.split("\n").length;
  const column = before.length - before.lastIndexOf("\n");
  return `${what === "" ? "Unexpected token" : what} (line ${line}, column ${column})`;
}

function positionOf(message: string): number | undefined {
  const found = /at position (\d+)/.exec(message)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Where the fault is if the parser doesn't say: the longest beginning that only lacks its end. */
function faultOf(text: string): number {
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (lacksOnlyItsEnd(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return lacksOnlyItsEnd(text) ? text.length : bad - 1;
}

function lacksOnlyItsEnd(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    return message.startsWith("Unexpected end") || positionOf(message) === text.length;
  }
}

interface Lines {
  readonly of: ReadonlyMap<string, number>;
  readonly twice: readonly string[];
}

interface Level {
  readonly keys: Set<string> | undefined;
  key: string | number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+|\n/g;

/** Lines of every value of a text that is known to be JSON. */
function linesOf(text: string): Lines {
  const of = new Map<string, number>();
  const twice: string[] = [];
  const levels: Level[] = [];
  let line = 1;
  let isKey = false;
  const path = (): Path => levels.map(({ key }) => key);
  const begin = (): void => {
    if (of.size < MAX_LINES && levels.length <= MAX_DEPTH) of.set(jsonPath(path()), line);
  };
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.length > MAX_DEPTH ? undefined : levels.at(-1);
    if (token === "\n") line += 1;
    else if (token === "{" || token === "[") {
      begin();
      levels.push({ keys: token === "{" ? new Set() : undefined, key: 0 });
      isKey = token === "{";
    } else if (token === "}" || token === "]") {
      levels.pop();
      isKey = false;
    } else if (token === ",") {
      if (typeof level?.key === "number" && !level.keys) level.key += 1;
      isKey = level?.keys !== undefined;
    } else if (isKey && level?.keys) {
      level.key = String(JSON.parse(token));
      if (level.keys.has(level.key)) twice.push(`${jsonPath(path())} (line ${line}): comes twice`);
      level.keys.add(level.key);
      isKey = false;
    } else if (token !== ":") begin();
  }
  return { of, twice: twice.slice(0, 100) };
}

/** Enough for any file that a person corrects by hand; nobody reads what lies deeper. */
const MAX_LINES = 10_000;
const MAX_DEPTH = 16;
