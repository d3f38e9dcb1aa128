import { whyUnprintable } from "@baton/text/printable";
import { z } from "zod";

import { isPlainName, NAME_RULE } from "./person-name.ts";

/** Who asks: a name that can be told from others by reading it. */
export const Identity = z.string().refine(isPlainName, {
  error: ({ input }) => {
    const why = whyUnprintable(String(input), "name");
    return `identity: ${NAME_RULE}${why === undefined ? "" : `; ${why}`}`;
  },
});
export type Identity = z.infer<typeof Identity>;
