/** Results on standard output, in the format that was asked for. */
import { printable, printableLines } from "@baton/text/printable";

import type { Format } from "./format.ts";

/** Writes text to standard output; resolves when the reader took it. */
export function write(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

/** Prints a value: as JSON, as YAML, or as the text that `render` makes of it. */
export async function print<T>(
  format: Format,
  value: T,
  render: (value: T) => string,
): Promise<void> {
  switch (format) {
    case "json":
      return write(`${printableLines(JSON.stringify(value, null, 2))}\n`);
    case "yaml": {
      const { stringify } = await import("yaml");
      return write(
        printableLines(stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })),
      );
    }
    case "table":
      return write(render(value));
  }
}

/** Says something beside the result, on standard error. */
export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** Columns of the terminal; 120 where there is none, and where it doesn't say. */
export function terminalWidth(): number {
  return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : 120;
}
