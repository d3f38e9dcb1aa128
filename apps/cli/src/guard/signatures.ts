/** What people are said to have asked for, held against what they signed. */
import type { CandidateRecord } from "@baton/client";
import { type Controls, type Entry, MESH_ID } from "@baton/contracts";
import { type People, signedCommand } from "@baton/people";

/** How many commands are borne out. */
export interface SignaturesCounted {
  readonly signed: number;
  /** Taken by a coordinator that knew nobody. */
  readonly unsigned: number;
  /** True if the keys were looked up in a registry; otherwise each signature only fits the key that came with it. */
  readonly registry: boolean;
}

/** Looks at one entry after the other. */
export interface Signatures {
  /** What is wrong with a command that led to it, or to the controls it was decided under; undefined if nothing. */
  faultOf(entry: Entry): string | undefined;
  counted(): SignaturesCounted;
}

type CommandCause = Extract<Entry["cause"] | Controls["cause"], { kind: "command" }>;

/** Begins. */
export function openSignatures(record: CandidateRecord, people: People | undefined): Signatures {
  let signed = 0;
  let unsigned = 0;
  let controlsSeen = 0;
  const faultIn = (candidateId: string, cause: CommandCause): string | undefined => {
    const { signature, roles, commandId } = cause;
    if (!signature && !people && roles === undefined) {
      unsigned += 1;
      return undefined;
    }
    const value = record.sentCommand(candidateId, commandId);
    const found = signedCommand(value, { ...cause, candidateId }, { people });
    if (typeof found === "string") return found;
    signed += 1;
    return undefined;
  };
  const controlsFault = (upTo: number): string | undefined => {
    while (controlsSeen < upTo) {
      controlsSeen += 1;
      const cause = record.sources.controls(controlsSeen)?.cause;
      if (cause?.kind !== "command") continue;
      const found = faultIn(MESH_ID, cause);
      if (found !== undefined) return `CONTROLS ${controlsSeen}: ${found}`;
    }
    return undefined;
  };
  return {
    faultOf: ({ candidateId, cause, controls = 0 }) => {
      const own = cause.kind === "command" ? faultIn(candidateId, cause) : undefined;
      return own ?? controlsFault(controls);
    },
    counted: () => ({ signed, unsigned, registry: people !== undefined }),
  };
}
