/** A specification's text as the document that is submitted: plain JSON data, or a message with line and column. */
import { MAX_SPEC_BYTES, MAX_SPEC_DEPTH, SpecDocument } from "@baton/contracts";
import { readYaml, YamlError } from "@baton/text";
import { UserError, EXIT } from "@baton/text/user-error";

/** Of a file; a specification is smaller, with comments it may be larger. */
const MAX_CHARACTERS = 1_000_000;

/** Parses YAML 1.2 (core schema) or JSON; `file` is named in messages. Throws `UserError`. */
export function parseSpec(bytes: Uint8Array, file: string): SpecDocument {
  const text = decode(bytes, file);
  const value = valueIn(text, file);
  const deep = tooDeepAt(value, "$", 0);
  if (deep !== undefined) throw tooDeep(`${file}: ${deep}`);
  const wrong = faultOf(value, "$");
  if (wrong !== undefined) throw invalid(`${file}: ${wrong}`, undefined);
  const spec = SpecDocument.safeParse(value);
  if (!spec.success) {
    throw invalid(
      `${file}: expected an object at the top, got ${nameOf(value)}`,
      "key: value pairs",
    );
  }
  return spec.data;
}

/** Throws E_LIMIT if the document is larger than a specification may be. */
export function checkSpecSize(spec: SpecDocument, file: string): void {
  const bytes = Buffer.byteLength(JSON.stringify(spec));
  if (bytes <= MAX_SPEC_BYTES) return;
  throw new UserError({
    code: "E_LIMIT",
    exit: EXIT.limit,
    message: `${file}: ${bytes} bytes as JSON`,
    rule: `at most ${MAX_SPEC_BYTES} bytes (16 KiB): it travels in every journal entry`,
    action: "Make the specification smaller; data belongs into a CSV.",
  });
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalid(`${file} isn't UTF-8 text`, "specifications are UTF-8", error);
  }
}

function valueIn(text: string, file: string): unknown {
  try {
    return readYaml(text, { maxCharacters: MAX_CHARACTERS });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const at = `${file}:${error.line}:${error.column}`;
    if (error.fault === "depth") throw tooDeep(at);
    throw invalid(`${at} ${error.what}`, error.action, error);
  }
}

/** What can't be kept as JSON exactly as it came, with its path; undefined if nothing. */
function faultOf(value: unknown, path: string): string | undefined {
  if (typeof value === "number" && !Number.isFinite(value))
    return `${path}: ${value} isn't a number in JSON`;
  if (["undefined", "bigint", "symbol", "function"].includes(typeof value))
    return `${path}: ${typeof value} isn't a JSON value`;
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype)
    return `${path}: only text, numbers, true, false, null, lists and objects`;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__" || key === "constructor") return `${path}: unknown key "${key}"`;
    const fault = faultOf(inner, `${path}.${key}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Path of the first value that is nested too deeply. */
function tooDeepAt(value: unknown, path: string, depth: number): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= MAX_SPEC_DEPTH) return path;
  for (const [key, inner] of Object.entries(value)) {
    const found = tooDeepAt(inner, `${path}.${key}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function tooDeep(where: string): UserError {
  return new UserError({
    code: "E_LIMIT",
    exit: EXIT.limit,
    message: `${where}: nested too deeply`,
    rule: `at most ${MAX_SPEC_DEPTH} levels`,
    action: "Make the specification flatter; nothing was stored.",
  });
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return Array.isArray(value) ? "a list" : typeof value;
}

function invalid(message: string, rule: string | undefined, cause?: unknown): UserError {
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message,
    rule,
    action: "Correct the file and submit it again; nothing was stored.",
    cause,
  });
}
