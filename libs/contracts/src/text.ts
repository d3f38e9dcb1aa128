/** Text that people and agents write, as the wire lets it in. */
import { type TextKind, whyUnprintable } from "@baton/text/printable";
import type { z } from "zod";

/** `schema`, and printable: the fault names the first character that isn't, and where it stands. `what` begins the message. */
export function printableText(schema: z.ZodString, what: string, kind: TextKind): z.ZodString {
  return schema.refine((text) => whyUnprintable(text, kind) === undefined, {
    error: ({ input }) =>
      `${what}: printable characters only; ${whyUnprintable(String(input), kind) ?? ""}`,
  });
}
