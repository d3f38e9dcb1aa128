/** Telling what an older release wrote from what nobody's release wrote. */
import type { z } from "zod";

/** True if a key is absent that the schema needs: every release keeps what was added before it (W1), so only an older one's message is without it. */
export function missesSomething(value: unknown, schema: z.ZodObject): boolean {
  const of = Object(value);
  return Object.entries(schema.shape).some(
    ([key, one]) => !(key in of) && !one.safeParse(undefined).success,
  );
}
