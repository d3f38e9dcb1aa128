/**
 * Reads one call as an agent sent it, and writes it again: what was looked at is what is sent, whatever else the bytes may mean to
 * another reader (a key given twice, for one). Pure.
 */
import { formProblem } from "./bound-json.ts";
import type { Wish } from "./budget.ts";
import type { Dialect, Pictures } from "./dialect.ts";
import { countAt, parseObject } from "./json.ts";

/** A call that may be forwarded, as far as its form goes. */
export interface ModelCall {
  readonly model: string;
  /** Output that it asks for; undefined if it leaves that to the model. */
  readonly output: number | undefined;
  readonly input: Wish["input"];
  readonly toolsRemoved: number;
  /** The body to send; with the most output set, if it's given. */
  write(cappedTo?: number): string;
}

export type ReadCall =
  | { readonly ok: true; readonly call: ModelCall }
  | { readonly ok: false; readonly where: string; readonly rule: string };

const MODEL = /^[A-Za-z0-9][\w.:/@-]{0,99}$/;
/** Code, prose and JSON take some four bytes a token, and never less than one. */
const BYTES_PER_TOKEN = 4;
/** What a provider adds of its own around tools and messages. */
const ADDED_TOKENS = 1000;
const PICTURE = { likely: 2000, atMost: 10_000 };

export function readCall(
  dialect: Dialect,
  text: string,
  { hostedTools }: { hostedTools: "removed" | "allowed" },
): ReadCall {
  const problem = formProblem(text);
  if (problem !== undefined) return { ok: false, where: "the body", rule: problem };
  const body = parseObject(text);
  if (!body) return { ok: false, where: "the body", rule: "must be a JSON object" };
  const model = body["model"];
  if (typeof model !== "string" || !MODEL.test(model))
    return { ok: false, where: "model", rule: `must match ${MODEL.source}` };
  const asked = body[dialect.outputField];
  if (asked !== undefined && asked !== null && countAt(body, dialect.outputField) < 1)
    return { ok: false, where: dialect.outputField, rule: "must be a whole number above 0" };
  const pictures: Pictures = { count: 0, bytes: 0 };
  const objection = dialect.object(body, pictures);
  if (objection) return { ok: false, ...objection };
  const toolsRemoved = hostedTools === "removed" ? dialect.removeHostedTools(body) : 0;
  const written = JSON.stringify(body);
  return {
    ok: true,
    call: {
      model,
      output: typeof asked === "number" ? asked : undefined,
      input: tokensOf(written, pictures),
      toolsRemoved,
      write(cappedTo) {
        if (cappedTo === undefined) return written;
        dialect.cap(body, cappedTo);
        return JSON.stringify(body);
      },
    },
  };
}

function tokensOf(written: string, { count, bytes }: Pictures): Wish["input"] {
  const length = Math.max(0, Buffer.byteLength(written) - bytes);
  return {
    likely: Math.ceil(length / BYTES_PER_TOKEN) + count * PICTURE.likely,
    atMost: length + ADDED_TOKENS + count * PICTURE.atMost,
  };
}
