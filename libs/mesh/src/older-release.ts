/** Telling what another release wrote from what nobody's release wrote. */
import type { z } from "zod";

/** True if a key is absent that the schema needs: every release keeps what was added before it (W1), so only an older one's message is without it. */
export function missesSomething(value: unknown, schema: z.ZodObject): boolean {
  const of = Object(value);
  return Object.entries(schema.shape).some(
    ([key, one]) => !(key in of) && !one.safeParse(undefined).success,
  );
}

/** A stored message that isn't what stands in its stream, as far as this release reads it. */
export class UnreadableMessage extends Error {
  /** A coordinator of another release wrote it, in a form that this one doesn't know. */
  readonly otherRelease: boolean;
  /** Misses what this release's messages have: it was an older one. No newer release reads it. */
  readonly olderRelease: boolean;

  constructor(
    message: string,
    options?: ErrorOptions & { readonly otherRelease?: boolean; readonly olderRelease?: boolean },
  ) {
    super(message, options);
    this.otherRelease = options?.otherRelease === true;
    this.olderRelease = options?.olderRelease === true;
  }
}
