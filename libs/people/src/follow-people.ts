/**
 * A key registry that is followed while a process runs: a file is looked at again and again, because a watch on it misses what
 * is mounted anew. One that can't be used changes nothing: the last good one stays, and it is said.
 */
import { type People, PeopleFault, readPeople } from "./registry.ts";

/** A registry that is followed. */
export interface FollowedPeople {
  /** The last one that could be used. */
  current(this: void): People;
  /** Why the file as it is now can't be used; undefined if it is the current one. */
  fault(this: void): string | undefined;
  /** Reads it now. */
  refresh(this: void): Promise<void>;
  stop(this: void): void;
}

/** What following takes. */
export interface FollowOptions {
  readonly everyMs?: number;
  /** Told once per change: the new registry, or why there is none. */
  readonly onChange?: (change: { readonly people: People } | { readonly fault: string }) => void;
}

const EVERY_MS = 1000;

/** Reads the file and follows it. Throws `PeopleFault` if the first one can't be used. */
export async function followPeople(
  file: string,
  { everyMs = EVERY_MS, onChange }: FollowOptions = {},
): Promise<FollowedPeople> {
  let current = await readPeople(file);
  let fault: string | undefined;
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    try {
      const people = await readPeople(file);
      const changed = fault !== undefined || textOf(people) !== textOf(current);
      fault = undefined;
      current = people;
      if (changed) onChange?.({ people });
    } catch (error) {
      const why = error instanceof PeopleFault ? error.message : String(error);
      const told = why === fault;
      fault = why;
      if (!told) onChange?.({ fault: why });
    }
  };
  const refresh = (): Promise<void> => {
    looking ??= look().finally(() => (looking = undefined));
    return looking;
  };
  const timer = setInterval(() => void refresh(), everyMs);
  timer.unref();
  return { current: () => current, fault: () => fault, refresh, stop: () => clearInterval(timer) };
}

function textOf(people: People): string {
  return JSON.stringify(Array.from(people, ([key, { name, roles }]) => [key, name, roles]));
}
