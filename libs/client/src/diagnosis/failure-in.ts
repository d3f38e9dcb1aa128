/** Why something can't be looked at, and what to do about that. Pure. */
import { GitError } from "@baton/gitops";

/** Ends the sentence that something can't be looked at; the repair is that of what failed, where it is known. */
export function failureIn(error: unknown): { readonly found: string; readonly repair: string } {
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof GitError)
    return { found: `, as Git can't be asked: ${why}`, repair: error.action };
  const repair =
    "Look at the other findings first; if the server is well, this is a fault of Baton.";
  return { found: `: ${why}`, repair };
}
