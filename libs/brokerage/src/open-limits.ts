import { readOwnFile } from "@baton/files";
import { type People, PeopleFault, readPeople } from "@baton/people";

import { parseLimits, RAISE_ROLE } from "./limits-file.ts";
import { DEFAULT_LIMIT_BOOK, type LimitBook } from "./limits.ts";

/** Bytes of a million characters. */
const MAX_BYTES = 4_000_000;

/** A limits file, or the key registry beside it, that can't be used; the message names the file and every fault. */
export class LimitsError extends Error {
  override readonly name = "LimitsError";
  readonly code = "E_LIMITS";
  readonly action = `Correct what is named; raised limits take two people with the role ${RAISE_ROLE} in the key registry: \`baton limits sign FILE\`. Without BATON_LIMITS the defaults hold.`;
}

/**
 * The limits that the operator set: the file's, or the default of every account where none is named. Without a key registry
 * nothing can be raised. Throws a LimitsError: whoever can't read its limits mustn't trade.
 */
export async function openLimits(of: {
  readonly file: string | undefined;
  readonly people: string | undefined;
  /** The mesh's name; without it nothing can be raised either. */
  readonly mesh: string | undefined;
  readonly now?: () => Date;
}): Promise<LimitBook> {
  if (of.file === undefined) return DEFAULT_LIMIT_BOOK;
  const people: People = of.people === undefined ? new Map() : await peopleIn(of.people);
  const { mesh, now = () => new Date() } = of;
  const read = parseLimits(text(of.file), { people, mesh, now });
  if ("book" in read) return read.book;
  throw new LimitsError(`${of.file}:\n  ${read.faults.slice(0, 20).join("\n  ")}`);
}

function text(file: string): string {
  try {
    return readOwnFile(file, { maxBytes: MAX_BYTES }).toString("utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "it can't be read";
    throw new LimitsError(`${file}: ${why}`, { cause });
  }
}

async function peopleIn(file: string): Promise<People> {
  try {
    return await readPeople(file);
  } catch (cause) {
    if (!(cause instanceof PeopleFault)) throw cause;
    throw new LimitsError(cause.message, { cause });
  }
}
