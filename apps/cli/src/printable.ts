/**
 * Text from elsewhere as it may reach a terminal: what a terminal would obey is shown instead of sent.
 */

/** Longest value shown in a message, in characters. */
const MAX_SHOWN = 80;

/**
 * What a terminal or a reader's eye obeys: C0 and C1 controls, DEL, marks that turn text around or have no width, half
 * surrogate pairs.
 */
const UNSAFE =
  // oxlint-disable-next-line eslint/no-control-regex -- control characters are what this is about
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

/** `text` with everything unsafe written as `\u00xx`; line breaks and tabs become one space. */
export function printable(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, " ").replaceAll(UNSAFE, escaped);
}

/** The same for text of several lines: newlines and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll(UNSAFE, (char) => (char === "\n" || char === "\t" ? char : escaped(char)));
}

/** `text` as a JSON string that is safe to show, cut at 80 characters. */
export function quoted(text: string): string {
  return cutTo(JSON.stringify(text).replaceAll(UNSAFE, escaped), MAX_SHOWN);
}

/** `text` cut to `width` characters with an ellipsis; never through the middle of a character. */
export function cutTo(text: string, width: number): string {
  if (text.length <= width) return text;
  const chars = Array.from(text);
  return chars.length <= width ? text : `${chars.slice(0, Math.max(0, width - 1)).join("")}…`;
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
