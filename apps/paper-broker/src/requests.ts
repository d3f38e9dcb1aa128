/** Reading requests and refusing them, as both dialects do it. */
import { cut } from "@baton/contracts";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";

import type { Fault } from "./faults.ts";

/** Largest request body in bytes. */
const MAX_BODY_BYTES = 16 * 1024;
/** How long a silent fault keeps its request before it answers 504 after all. */
const SILENCE_MS = 60_000;

/** Codes of requests that can't be read. */
export const BAD_REQUEST_CODES = { 400: 40_010_000, 413: 41_310_000, 422: 42_210_000 } as const;

/** The request can't be read; the message says why. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
  readonly status: 400 | 413 | 422;

  constructor(status: 400 | 413 | 422, message: string) {
    super(message);
    this.status = status;
  }
}

/** The body by its schema. Throws a BadRequest. */
export async function bodyOf<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  if (!/^application\/json\b/i.test(context.req.header("content-type") ?? ""))
    throw new BadRequest(400, "content-type must be application/json");
  const text = await textOf(context.req.raw);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new BadRequest(400, cut(`the body is not JSON: ${String(error)}`, 200));
  }
  return parse(schema, body, "body");
}

async function textOf(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES)
      throw new BadRequest(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A value by its schema. Throws a BadRequest. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join(".") ?? "";
  throw new BadRequest(422, cut(`${at === "" ? what : at}: ${issue?.message ?? "invalid"}`, 300));
}

/** The answer that says no. */
export function refusal(
  context: Context,
  status: ContentfulStatusCode,
  code: number,
  message: string,
): Response {
  return context.json({ code, message }, status);
}

/** Answers 504, or nothing until whoever asked is gone. */
export async function fail(
  context: Context,
  fault: Fault,
  stopping: AbortSignal,
): Promise<Response> {
  if (fault.endsWith("silent")) {
    const over = AbortSignal.any([
      context.req.raw.signal,
      stopping,
      AbortSignal.timeout(SILENCE_MS),
    ]);
    if (!over.aborted)
      await new Promise((resolve) => over.addEventListener("abort", resolve, { once: true }));
  }
  return refusal(context, 504, 50_410_000, "upstream request timeout");
}
