import type { IncomingMessage } from "node:http";

export type ReadBody =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string; readonly isBusy?: true };

/** Room for the bodies of all calls of an attempt that are here at a time. */
export interface Room {
  left: number;
}

/** What one call takes of it, until it is over. */
export interface Place {
  taken: number;
}

/** All of a request's body, within its bounds. */
export async function readBody(
  request: IncomingMessage,
  { bodyBytes, bodyMs }: { bodyBytes: number; bodyMs: number },
  { room, place }: { room: Room; place: Place },
): Promise<ReadBody> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity")
    return { ok: false, problem: "the body must not be encoded (content-encoding)" };
  const tooMuch = { ok: false, problem: `the body must have ${bodyBytes} bytes at most` } as const;
  if (Number(request.headers["content-length"] ?? 0) > bodyBytes) return tooMuch;
  const timer = setTimeout(() => request.destroy(new Error("late")), bodyMs);
  const parts: Buffer[] = [];
  try {
    // The answer goes over the same connection.
    const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
    for await (const part of body) {
      if (place.taken + part.length > bodyBytes) return tooMuch;
      if (part.length > room.left)
        return { ok: false, problem: "too many calls with large bodies at once", isBusy: true };
      room.left -= part.length;
      place.taken += part.length;
      parts.push(part);
    }
  } finally {
    clearTimeout(timer);
  }
  return { ok: true, text: Buffer.concat(parts).toString("utf8") };
}
