/** Arguments and options that are names: parsed at the edge, so that nothing behind it sees a wrong one. */
import {
  CandidateId,
  type Holder,
  Identity,
  IncidentClass,
  type Lane,
  LANES,
  MESH_ID,
  NAME_RULE,
  REASONS,
  Reason,
  RunId,
  Sha256,
  Stage,
} from "@baton/contracts";
import { nearest } from "@baton/text/nearest";
import { whyUnprintable } from "@baton/text/printable";
import { UserError, EXIT } from "@baton/text/user-error";
import type { z } from "zod";

const ID_RULE = "6 to 63 characters, only a-z, 0-9 and '-', neither starting nor ending with '-'";

/** A candidate's id as an argument. */
export function candidateIdFrom(text: string): CandidateId {
  if (text === MESH_ID) throw notACandidate(text);
  return parsed(CandidateId, text, { name: "candidateId", rule: ID_RULE, list: "candidates" });
}

/** Fewer characters of an id stand for nobody: `cand-` is how most begin. */
const LEAST_OF_ID = 4;
const BEGINNING = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A candidate's id as an argument, or the beginning of one; `findCandidate` says which candidate it is. */
export function candidateTextFrom(text: string): string {
  const begins = text.length >= LEAST_OF_ID && BEGINNING.test(text) && text !== MESH_ID;
  return begins ? text : candidateIdFrom(text);
}

/** A run's id as an option. */
export function runIdFrom(text: string): RunId {
  return parsed(RunId, text, { name: "runId", rule: ID_RULE, list: undefined });
}

/** A stage's name as an option. */
export function stageFrom(text: string): Stage {
  const rule =
    "1 to 63 characters, only a-z, 0-9 and '-', starting with a letter, not ending with '-'";
  return parsed(Stage, text, { name: "stage", rule, list: undefined });
}

/** A holder as an option; a lane may be given by its letter alone. */
export function holderFrom(text: string): Holder {
  const rule = `one of ${LANES[0]} to ${LANES.at(-1)}, review, closed; a lane's letter will do`;
  const known = [...LANES, "review", "closed"] as const;
  const found = known.find((one) => one === laneOfLetter(text));
  if (found !== undefined) return found;
  const meant = nearest(text.toLowerCase(), known);
  throw invalid("holder", text, { rule, meant });
}

/** A lane as an option; its letter will do. */
export function laneFrom(text: string): Lane {
  const found = LANES.find((one) => one === laneOfLetter(text));
  if (found !== undefined) return found;
  const rule = `one of ${LANES[0]} to ${LANES.at(-1)}; its letter will do`;
  throw invalid("lane", text, { rule, meant: nearest(text.toLowerCase(), LANES) });
}

function laneOfLetter(text: string): string {
  return /^[a-z]$/i.test(text) ? `lane-${text.toLowerCase()}` : text;
}

/** The class of an incident as an option. */
export function incidentClassFrom(text: string): IncidentClass {
  const found = IncidentClass.safeParse(text.toUpperCase());
  if (found.success) return found.data;
  const rule = "A data, B execution or risk, C infrastructure, D drift of model or strategy";
  throw invalid("class", text, { rule });
}

/** A reason code as an option. */
export function reasonFrom(text: string): Reason {
  const found = Reason.safeParse(text.toUpperCase());
  if (found.success) return found.data;
  const codes = Object.keys(REASONS);
  throw invalid("reason", text, {
    rule: `one of ${codes.join(", ")}`,
    meant: nearest(text.toUpperCase().replaceAll("-", "_"), codes),
  });
}

/** A SHA-256 as an option. */
export function sha256From(text: string): Sha256 {
  return parsed(Sha256, text, {
    name: "sha256",
    rule: "64 lower-case hex digits",
    list: undefined,
  });
}

/** Who asks, as an option. */
export function identityFrom(text: string): Identity {
  const name = text.normalize("NFKC");
  const why = whyUnprintable(name, "name");
  const rule = why === undefined ? NAME_RULE : `${NAME_RULE}; ${why}`;
  return parsed(Identity, name, { name: "identity", rule, list: undefined });
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** A duration as an option, in milliseconds: `30s`, `5m`, `2h`; from `least` (1 s unless said) to 24 h. */
export function durationFrom(text: string, name: string, least: "1s" | "1m" = "1s"): number {
  const [, amount = "", unit = ""] = /^([0-9]{1,6})([smh])$/.exec(text) ?? [];
  const ms = Number(amount) * (UNITS[unit] ?? Number.NaN);
  if (amount !== "" && ms >= (least === "1s" ? 1000 : 60_000) && ms <= 86_400_000) return ms;
  throw invalid(name, text, {
    rule: `a duration like 30s, 5m or 2h; between ${least} and 24h`,
  });
}

/** A whole number as an option, from 1 to `max`. */
export function countFrom(text: string, name: string, max: number): number {
  const count = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= max) return count;
  throw invalid(name, text, { rule: `a whole number from 1 to ${max}` });
}

function parsed<T>(
  schema: z.ZodType<T>,
  text: string,
  { name, rule, list }: { name: string; rule: string; list: string | undefined },
): T {
  const found = schema.safeParse(text);
  if (found.success) return found.data;
  throw invalid(name, text, { rule, list });
}

interface Wanted {
  readonly rule: string;
  /** What `baton get` lists. */
  readonly list?: string | undefined;
  /** What was probably meant. */
  readonly meant?: string | undefined;
}

function invalid(name: string, value: string, { rule, list, meant }: Wanted): UserError {
  const lists =
    list === undefined ? `Correct ${name}.` : `\`baton get ${list}\` lists those there are.`;
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: value === "" ? `${name} must not be empty` : `${name} isn't valid`,
    value,
    rule,
    action: meant === undefined ? lists : `Did you mean ${meant}?`,
  });
}

function notACandidate(value: string): UserError {
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "that is no candidate: the name stands for the controls of the whole mesh",
    value,
    action: "`baton get controls` shows them.",
  });
}
