/**
 * The one rule for text that others wrote: people, files, agents, other processes. What no eye sees, what turns text around and
 * what a terminal obeys is no text.
 *
 * P1: where something is let in, such a character is refused by its place and code point (`whyUnprintable`).
 * P2: where something foreign is shown, sent on or logged, it is escaped as `\u00xx`, as JSON does (`printable`, `quoted`).
 * P3: what is shown is cut to a bound.
 */

/** Longest value shown in a message, in characters. */
const MAX_SHOWN = 80;

/** Controls, direction marks, half surrogate pairs, unassigned ones, separators of lines, fillers and all else without ink. */
const HIDDEN = String.raw`\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800`;
/** Scripts that spell words with joiners. */
const JOINING = [
  "Arabic",
  "Syriac",
  "Devanagari",
  "Bengali",
  "Gurmukhi",
  "Gujarati",
  "Oriya",
  "Tamil",
  "Telugu",
  "Kannada",
  "Malayalam",
  "Sinhala",
]
  .map((script) => `\\p{Script=${script}}`)
  .join("");
/** Invisible ones that change the character beside them and are part of it: in emoji, and in words of those scripts. */
const PART_OF_CHARACTER = [
  String.raw`(?<=\p{Extended_Pictographic}|[0-9#*](?=\ufe0f\u20e3))\ufe0f`,
  String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})`,
  String.raw`(?<=[${JOINING}])[\u200c\u200d](?=[${JOINING}])`,
].join("|");

const UNSAFE = new RegExp(`(?!${PART_OF_CHARACTER})[${HIDDEN}]`, "gu");
/** Most text needs no second look. */
const PLAIN = /^[\x20-\x7e]*$/;

/** What a text is: who or what somebody is called; something on one line; something that may have several. */
export type TextKind = "name" | "line" | "lines";

const REFUSED: Readonly<Record<TextKind, RegExp>> = {
  // No marks either: one name is written in one way.
  name: new RegExp(String.raw`[${HIDDEN}]|[^\p{L}\p{N}\p{P}\p{S} ]`, "u"),
  line: new RegExp(UNSAFE.source, "u"),
  lines: new RegExp(String.raw`(?![\n\t]|\r\n)(?:${UNSAFE.source})`, "u"),
};

/**
 * Why `text` can't be let in: the first character that isn't printable, by code point and place, such as
 * `U+202E at character 4 turns text around`; undefined if all of it is. Places count characters from 1.
 */
export function whyUnprintable(text: string, kind: TextKind): string | undefined {
  if (PLAIN.test(text)) return undefined;
  const found = REFUSED[kind].exec(text);
  if (!found) return undefined;
  const [character] = found;
  const before = text.slice(0, found.index).split("\n");
  const line = kind === "lines" && before.length > 1 ? `line ${before.length}, ` : "";
  const place = Array.from((kind === "lines" ? before.at(-1) : before.join("\n")) ?? "").length + 1;
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `U+${code} at ${line}character ${place} ${faultOf(character)}`;
}

function faultOf(character: string): string {
  if (/[\n\r\p{Zl}\p{Zp}]/u.test(character)) return "begins a new line";
  if (/\p{Cc}/u.test(character)) return "is a control character";
  if (/\p{Bidi_Control}/u.test(character)) return "turns text around";
  if (/\p{Cs}/u.test(character)) return "is half a surrogate pair";
  if (/[\p{Co}\p{Cn}]/u.test(character)) return "is no character that everybody has";
  if (/\p{Default_Ignorable_Code_Point}|[\p{Cf}\u2800]/u.test(character)) return "is invisible";
  if (/\p{M}/u.test(character)) return "is a mark on its own; write the letter with it as one";
  return "isn't a plain space";
}

/** `text` on one line, everything unprintable written as `\u00xx`; line breaks and tabs become one space. */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replaceAll(/[\r\n\t]+/g, " ").replaceAll(UNSAFE, escaped);
}

/** The same for text of several lines: newlines and tabs stay. What JSON means stays the same. */
export function printableLines(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replaceAll(UNSAFE, (found) =>
    found === "\n" || found === "\t" ? found : escaped(found),
  );
}

/** `value` as JSON that is safe to show, cut at `max` characters; its type where JSON has no word for it. */
export function quoted(value: unknown, max = MAX_SHOWN): string {
  // A long text is cut before it is looked at: what comes of it is longer, never shorter.
  const short = typeof value === "string" ? value.slice(0, max + 1) : value;
  return cutTo(printableLines(JSON.stringify(short) ?? typeof value), max);
}

/** `text` cut to `width` characters with an ellipsis; never through the middle of a character. */
export function cutTo(text: string, width: number): string {
  if (text.length <= width) return text;
  // Two units a character at most: the rest needn't be looked at.
  const chars = Array.from(text.slice(0, width * 2 + 2));
  return chars.length <= width ? text : `${chars.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** As JSON writes it: one escape for each UTF-16 unit. */
function escaped(character: string): string {
  return character.replaceAll(
    /[^]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
