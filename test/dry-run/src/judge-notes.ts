/** What the judges of the stories share: what they look at, and how they note what they see. */
import type { AuditVerification } from "@baton/audit";
import type { Entry } from "@baton/contracts";

import type { Played } from "./acts.ts";
import { artifactOf, type Evidence } from "./gather-evidence.ts";
import type { StoryName } from "./stories.ts";

/** What judging takes. */
export interface Case {
  readonly played: Played;
  readonly evidence: ReadonlyMap<StoryName, Evidence>;
  /** Of the first story's audit pack, with the mesh's own key; undefined if there's no pack. */
  readonly pack: AuditVerification | undefined;
}

/** Notes what was seen and what is missing. */
export interface Notes {
  /** Notes `seen` if it holds, `otherwise` if not. */
  check(holds: boolean, seen: string, otherwise: string): void;
}

/** One story to be judged. */
export interface Matter {
  readonly notes: Notes;
  readonly evidence: Evidence;
  readonly last: Entry;
  readonly of: Case;
}

/** Notes whether it ended there for that reason. */
export function endsAs(
  { notes, last }: Matter,
  holder: Entry["holder"],
  reason: Entry["reason"],
): void {
  const is = `${last.reason} at ${last.stage}, holder ${last.holder}`;
  const right = last.holder === holder && last.reason === reason;
  notes.check(right, is, `ended as ${is}; expected ${reason}, holder ${holder}`);
}

interface Schema<T> {
  safeParse(value: unknown): { data?: T | undefined };
}

/** An artifact's content as `schema` has it; undefined if it's absent or another thing. */
export function parsed<T>(evidence: Evidence, name: string, schema: Schema<T>): T | undefined {
  return schema.safeParse(jsonOf(artifactOf(evidence, name)?.bytes)).data;
}

/** Undefined for what isn't JSON. */
export function jsonOf(bytes: Uint8Array | undefined): unknown {
  if (!bytes) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
