/** The address of a trace's page, where the notification policy says it. */
import { readFileSync } from "node:fs";

import { readYaml } from "@baton/text";
import { z } from "zod";

const MAX_CHARACTERS = 1_000_000;
/** Escalation reads the rest of it, and says what is wrong with it. */
const Policy = z.looseObject({ links: z.looseObject({ trace: z.string().min(1).max(2000) }) });

/** `links.trace` of the policy in that file; undefined if it has none, or can't be read. */
export function linkInPolicy(file: string | undefined): string | undefined {
  if (file === undefined || file === "") return undefined;
  try {
    const policy = readYaml(readFileSync(file, "utf8"), { maxCharacters: MAX_CHARACTERS });
    return Policy.safeParse(policy).data?.links.trace;
  } catch {
    return undefined;
  }
}
