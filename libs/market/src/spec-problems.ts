/** What is wrong with a specification, place by place, for the person who wrote it. */
import { cut, MAX_TEXT } from "@baton/contracts";

/** One wrong place: its JSON path, what stands there and the rule it breaks. */
export interface SpecProblem {
  readonly path: readonly PropertyKey[];
  readonly value: unknown;
  readonly rule: string;
}

const SHOWN_CHARACTERS = 80;
/** Room in a failure's message for the places in full; the others are named by path only. */
const DETAIL_CHARACTERS = 700;
/** Characters that could move a terminal's cursor or hide what follows. */
const INVISIBLE = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const escaped = (text: string) =>
  text.replaceAll(
    INVISIBLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** A JSON path such as `strategy.grid[2].fast`; `$` is the whole document. */
export function jsonPath(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>((before, key) => {
    if (typeof key === "number") return `${before}[${key}]`;
    const name = String(key);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${before}[${JSON.stringify(name)}]`;
    return before === "" ? name : `${before}.${name}`;
  }, "");
  return text === "" ? "$" : cut(escaped(text), SHOWN_CHARACTERS);
}

/** A value as JSON, escaped and cut at 80 characters; `nothing` where there is none. */
export function shownValue(value: unknown): string {
  return value === undefined ? "nothing" : cut(escaped(JSON.stringify(value)), SHOWN_CHARACTERS);
}

/** What stands at a path of a document; undefined where the path leads nowhere. */
export function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined,
    document,
  );
}

const inFull = ({ path, value, rule }: SpecProblem) =>
  `${jsonPath(path)} is ${shownValue(value)}: ${rule}`;

/** Every wrong place in one text: in full while there is room, then by path. */
export function problemsText(problems: readonly SpecProblem[]): string {
  let room = DETAIL_CHARACTERS;
  const details: string[] = [];
  const others: string[] = [];
  for (const problem of problems) {
    const detail = inFull(problem);
    room -= detail.length;
    if (room >= 0 || details.length === 0) details.push(detail);
    else others.push(jsonPath(problem.path));
  }
  const also = others.length === 0 ? "" : `; also wrong: ${others.join(", ")}`;
  return cut(`${count(problems.length)}: ${details.join("; ")}${also}`, MAX_TEXT);
}

function count(problems: number): string {
  return problems === 1
    ? "1 wrong place in the specification"
    : `${problems} wrong places in the specification`;
}
