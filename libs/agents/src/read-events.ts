/** Lines of JSON out of pieces that are cut anywhere. A line that is too long, or isn't JSON, says nothing. */
import { StringDecoder } from "node:string_decoder";

const LONGEST_LINE = 2 ** 20;

/** Tells each event as its line ends; what comes without an end was cut off and isn't told. */
export function readEvents(onEvent: (event: Readonly<Record<string, unknown>>) => void) {
  const decoder = new StringDecoder("utf8");
  let line = "";
  let isTooLong = false;
  const end = (): void => {
    const event = isTooLong ? undefined : parsed(line);
    line = "";
    isTooLong = false;
    if (event) onEvent(event);
  };
  return (piece: Buffer): void => {
    const [first = "", ...more] = decoder.write(piece).split("\n");
    for (const [index, part] of [first, ...more].entries()) {
      if (index > 0) end();
      isTooLong ||= line.length + part.length > LONGEST_LINE;
      line = isTooLong ? "" : line + part;
    }
  };
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
