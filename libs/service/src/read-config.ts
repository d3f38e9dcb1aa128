import { createScrubber } from "@baton/telemetry";
import { counted } from "@baton/text/counted";
import { nearest } from "@baton/text/nearest";
import { quoted } from "@baton/text/printable";
import { z } from "zod";

import { readSecretFile } from "./read-secret-file.ts";

/** What's wrong with one variable. */
export interface ConfigFault {
  readonly variable: string;
  /** Escaped and cut; undefined if the variable isn't set. */
  readonly value: string | undefined;
  readonly rule: string;
  readonly action: string;
}

/** A parsed configuration and the secrets in it, or everything that's wrong. */
export type ConfigRead<C> =
  | { ok: true; config: C; secrets: readonly string[] }
  | { ok: false; faults: readonly ConfigFault[] };

type Environment = Readonly<Record<string, string | undefined>>;

const MAX_UNKNOWN = 20;

/**
 * Parses the environment once, all faults at the same time.
 *
 * An empty variable counts as unset, as compose files can't express the latter. A secret may come
 * from the file that `<NAME>_FILE` names, but not from both places. Variables that the schema
 * doesn't know are no fault, as the environment belongs to others too; `unknownVariables` names them.
 */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  env: Environment,
): ConfigRead<z.output<S>> {
  const given: Record<string, string> = {};
  const secrets: string[] = [];
  const faults: ConfigFault[] = [];
  for (const [name, field] of Object.entries(schema.shape)) {
    const secret = isSecret(field);
    const read = secret ? readSecret(name, env) : { text: env[name] };
    if ("fault" in read) faults.push(read.fault);
    if (!("text" in read) || read.text === undefined || read.text === "") continue;
    given[name] = read.text;
    if (secret) secrets.push(read.text);
  }
  const parsed = schema.safeParse(given);
  const known = new Set(faults.map(({ variable }) => variable));
  for (const issue of parsed.error?.issues ?? []) {
    const variable = String(issue.path[0] ?? "environment");
    // One fault per variable: what follows from the first one only distracts.
    if (known.has(variable) || known.has(`${variable}_FILE`)) continue;
    known.add(variable);
    faults.push(toFault({ variable, field: schema.shape[variable], given, rule: issue.message }));
  }
  if (!parsed.success || faults.length > 0) return { ok: false, faults };
  return { ok: true, config: parsed.data, secrets };
}

/** A variable that begins as ours do and that the service doesn't know. */
export interface UnknownVariable {
  readonly variable: string;
  /** What was probably meant. */
  readonly meant: string | undefined;
}

/**
 * Variables named `BATON_…` that the schema doesn't know: a typing mistake, or another service's in an environment that several
 * share. The first 20, in order of their names.
 */
export function unknownVariables(schema: z.ZodObject, env: Environment): UnknownVariable[] {
  const known = Object.entries(schema.shape).flatMap(([name, field]) =>
    isSecret(field) ? [name, `${name}_FILE`] : [name],
  );
  return Object.keys(env)
    .filter((name) => name.startsWith("BATON_") && !known.includes(name))
    .toSorted()
    .slice(0, MAX_UNKNOWN)
    .map((name) => ({ variable: show(name), meant: nearest(name, known) }));
}

/** The message that a service ends with if its environment is wrong, one paragraph per variable. */
export function describeFaults(service: string, faults: readonly ConfigFault[]): string {
  const count = counted(faults.length, "variable is", "variables are");
  const paragraphs = faults.map(
    ({ variable, value, rule, action }) =>
      `  ${variable}${value === undefined ? " is not set" : ` = ${value}`}\n` +
      `    rule: ${rule}\n` +
      `    do:   ${action}\n`,
  );
  return `${service} did not start (E_CONFIG): ${count} wrong in its environment\n\n${paragraphs.join("\n")}`;
}

function readSecret(
  name: string,
  env: Environment,
): { text: string | undefined } | { fault: ConfigFault } {
  const variable = `${name}_FILE`;
  const path = env[variable];
  if (path === undefined || path === "") return { text: env[name] };
  if (env[name] !== undefined && env[name] !== "") {
    const rule = `must not be set together with ${name}`;
    return { fault: { variable, value: show(path), rule, action: "unset one of the two" } };
  }
  const read = readSecretFile(path);
  if (read.ok) return { text: read.text };
  return { fault: { variable, value: show(path), rule: read.rule, action: read.action } };
}

function toFault({
  variable,
  field,
  given,
  rule,
}: {
  variable: string;
  field: unknown;
  given: Record<string, string>;
  rule: string;
}): ConfigFault {
  const text = given[variable];
  const schema = field instanceof z.ZodType ? field : undefined;
  const hidden = schema !== undefined && isSecret(schema);
  return {
    variable,
    value: text === undefined ? undefined : hidden ? "(a secret, not shown)" : show(text),
    rule: text === undefined ? "is required" : rule,
    action: advise(schema),
  };
}

function advise(schema: z.ZodType | undefined): string {
  const example = schema === undefined ? undefined : metaOf(schema, "example");
  const set = typeof example === "string" ? `set it to something like ${example}` : "correct it";
  const fallback = schema?.safeParse(undefined);
  if (!fallback?.success) return set;
  return fallback.data === undefined
    ? `${set}, or unset it`
    : `${set}, or unset it to get ${JSON.stringify(fallback.data)}`;
}

function isSecret(schema: unknown): boolean {
  return schema instanceof z.ZodType && metaOf(schema, "secret") === true;
}

/** Metadata belongs to one schema object, so `.optional()` and `.default()` hide it. */
function metaOf(schema: z.ZodType, key: string): unknown {
  for (let at: unknown = schema; at instanceof z.ZodType;) {
    const found = at.meta()?.[key];
    if (found !== undefined) return found;
    if (!(at instanceof z.ZodOptional || at instanceof z.ZodDefault)) return undefined;
    at = at.unwrap();
  }
  return undefined;
}

function show(text: string): string {
  return quoted(scrub(text));
}

const scrub = createScrubber([]);
