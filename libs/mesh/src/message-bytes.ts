/**
 * Bytes of outgoing messages, cut from slabs: an array of its own for each header block and payload costs an allocation
 * outside the heap, and the collector a good part of its time to find out that it's gone.
 */
import { headers, type MsgHdrs } from "nats";

const SLAB_BYTES = 64 * 1024;
/** UTF-8 takes at most three bytes per UTF-16 unit. */
const WORST = 3;

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let used = 0;

/** The UTF-8 bytes of a text. They are the caller's for good. */
export function encodeText(text: string): Uint8Array {
  const most = text.length * WORST;
  if (most > SLAB_BYTES / 4) return Buffer.from(text, "utf8");
  if (used + most > SLAB_BYTES) {
    // Whoever holds a part of the old one keeps it alive.
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  const start = used;
  used += slab.write(text, start, "utf8");
  return slab.subarray(start, used);
}

const VERSION = "NATS/1.0\r\n";

/** Header fields of an outgoing message; undefined ones are left out. */
export type HeaderFields = Readonly<Record<string, string | number | undefined>>;

/**
 * What the client takes for headers, with the bytes of `fields`: its own encoding costs more than the rest of a publish. Only
 * for the very next call of the client: there's one such object. Names and values come from validated identifiers and
 * numbers; anything with a line break is refused.
 */
export function headerBlock(fields: HeaderFields): MsgHdrs | undefined {
  let text = "";
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    const field = String(value);
    if (field.includes("\n") || field.includes("\r"))
      throw new Error(`header ${name} holds a line break`);
    text += `${name}: ${field}\r\n`;
  }
  if (text === "") return undefined;
  encoded = encodeText(`${VERSION}${text}\r\n`);
  return carrier;
}

let encoded: Uint8Array = new Uint8Array(0);
const carrier: MsgHdrs = Object.assign(headers(), { encode: () => encoded });

/** A traceparent that asks to be recorded; others aren't worth a header (the message's own `trace` has them all). */
export function sampledOnly(traceparent: string): string | undefined {
  return traceparent.endsWith("1") ? traceparent : undefined;
}
