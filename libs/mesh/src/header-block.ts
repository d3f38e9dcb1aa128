/**
 * Header blocks that others wrote. The server stores any bytes as a message's headers, and puts its own behind them when it
 * hands the message out. The client's decoding throws at a line break or an odd name, inside of whatever reads (which ends the
 * connection's reading); takes what a writer said for what the server says; and takes quadratic time. So it is replaced for the
 * whole process: whoever reads a message, here or inside the client, reads it by these rules.
 *
 * B1: any bytes are read, in linear time; a field that isn't one is left out, the others count.
 * B2: where a stored message is and when it was stored is what the server said last, not what its writer said before.
 * B3: a stored message has no status, whatever its writer put there: only the server itself ends a page or says that nobody answers.
 */
import { MsgHdrsImpl } from "nats";

const decoder = new TextDecoder();
const STATUS = /^NATS\/1\.0 +(\d{1,9}) *(.*)$/s;
const NAME = /^[!-9;-~]+$/;
const LINE_BREAK = /[\r\n]/;
/** Only a stored message that the server hands out bears it. */
const STORED = "Nats-Sequence";
/** What the server adds behind a stored message's own headers. */
const SERVERS: ReadonlySet<string> = new Set([
  "Nats-Stream",
  "Nats-Subject",
  STORED,
  "Nats-Time-Stamp",
  "Nats-Num-Pending",
  "Nats-Last-Sequence",
  "Nats-UpTo-Sequence",
]);

/** Reads a header block by B1 to B3; never throws. */
export function decodeHeaders(block: Uint8Array): MsgHdrsImpl {
  const [first = "", ...lines] = decoder.decode(block).split("\r\n");
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1).trim();
    if (!NAME.test(name) || LINE_BREAK.test(value)) continue;
    const values = fields.get(name);
    if (!values || SERVERS.has(name)) fields.set(name, [value]);
    else values.push(value);
  }
  const [, code = "0", description = ""] = (!fields.has(STORED) && STATUS.exec(first)) || [];
  const decoded = new MsgHdrsImpl(Number(code), description.trim());
  decoded.headers = fields;
  return decoded;
}

/** Has the client read headers so, in this process. */
export function guardHeaders(): void {
  MsgHdrsImpl.decode = decodeHeaders;
}
