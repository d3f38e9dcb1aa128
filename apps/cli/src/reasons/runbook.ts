/** Where to read on about a reason code. */
import { UserError, EXIT } from "@baton/text/user-error";

import { PAGES } from "./reason-pages.ts";

/** Where an organisation keeps the pages, if elsewhere: the code replaces `{reason}` in it, or is put at its end. */
const VARIABLE = "BATON_RUNBOOK_URL";

/** The address of a code's page: BATON_RUNBOOK_URL with the code in it, else the file in the project. Throws `UserError`. */
export function runbookOf(code: string, env: NodeJS.ProcessEnv = process.env): string {
  const base = env[VARIABLE] ?? "";
  if (base === "") return `${PAGES}/${code}.md`;
  if (/^https?:\/\/[^\s@]+$/.test(base) && URL.canParse(base)) return addressIn(base, code);
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${VARIABLE} isn't the address of a runbook`,
    rule: "an http or https URL without credentials; the code replaces {reason} in it, or is put at its end",
    action: `Set it to something like https://wiki.example/baton/reasons/, or unset it.`,
  });
}

const PLACE = "{reason}";

function addressIn(base: string, code: string): string {
  return base.includes(PLACE) ? base.replaceAll(PLACE, code) : `${base}${code}`;
}
