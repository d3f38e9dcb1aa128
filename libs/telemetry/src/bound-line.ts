/** A line of the log, whatever others put into it: of bounded length, and nothing in it that a terminal obeys. */
import { printableLines } from "@baton/text/printable";

/** Longest line that is written as it came, in UTF-16 units. */
const MAX_LINE = 32_768;
/** What is left of each text and list of a longer one. */
const MAX_VALUE = 2000;
const MAX_ITEMS = 20;
const MAX_DEPTH = 6;
/** Fields that say where a line comes from; the last resort keeps only them. */
const OF_EVERY_LINE = ["level", "time", "service", "version", "pid", "msg"];

/**
 * `line`, one JSON object and a newline, with what is unprintable escaped. Of one longer than 32,768 characters every text is cut
 * to 2,000 and every list to 20, and `cutFrom` says how long it was; if that isn't enough, only its message is kept.
 */
export function boundLine(line: string): string {
  return printableLines(line.length <= MAX_LINE ? line : shortened(line));
}

function shortened(line: string): string {
  const whole: unknown = JSON.parse(line);
  const fields = Object.entries(whole ?? {}).map(([name, value]): [string, unknown] => [
    name.slice(0, MAX_VALUE),
    shorten(value, 1),
  ]);
  const written = (of: typeof fields) =>
    `${JSON.stringify({ ...Object.fromEntries(of), cutFrom: line.length })}\n`;
  const text = written(fields);
  if (text.length <= MAX_LINE) return text;
  return written(fields.filter(([name]) => OF_EVERY_LINE.includes(name)));
}

function shorten(value: unknown, depth: number): unknown {
  if (typeof value === "string")
    return value.length <= MAX_VALUE ? value : `${value.slice(0, MAX_VALUE)}…`;
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_DEPTH) return "…";
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item: unknown) => shorten(item, depth + 1));
    return value.length <= MAX_ITEMS ? items : [...items, "…"];
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.slice(0, MAX_VALUE),
      shorten(inner, depth + 1),
    ]),
  );
}
