import type { IncomingMessage } from "node:http";

export type ReadBody =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string };

/** All of a request's body, within its bounds. */
export async function readBody(
  request: IncomingMessage,
  { bodyBytes, bodyMs }: { bodyBytes: number; bodyMs: number },
): Promise<ReadBody> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity")
    return { ok: false, problem: "the body must not be encoded (content-encoding)" };
  const tooMuch = { ok: false, problem: `the body must have ${bodyBytes} bytes at most` } as const;
  if (Number(request.headers["content-length"] ?? 0) > bodyBytes) return tooMuch;
  const timer = setTimeout(() => request.destroy(new Error("late")), bodyMs);
  const parts: Buffer[] = [];
  let length = 0;
  try {
    // The answer goes over the same connection.
    const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
    for await (const part of body) {
      length += part.length;
      if (length > bodyBytes) return tooMuch;
      parts.push(part);
    }
  } finally {
    clearTimeout(timer);
  }
  return { ok: true, text: Buffer.concat(parts).toString("utf8") };
}
