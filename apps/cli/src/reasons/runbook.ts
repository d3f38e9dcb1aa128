/** Where to read on about a reason code. */
import { CliError, EXIT } from "../cli-error.ts";
import { PAGES } from "./reason-pages.ts";

/** What a code is appended to, if an organisation keeps the pages elsewhere. */
const VARIABLE = "BATON_RUNBOOK_URL";

/** The address of a code's page: BATON_RUNBOOK_URL with the code behind it, else the file in the project. Throws `CliError`. */
export function runbookOf(code: string, env: NodeJS.ProcessEnv = process.env): string {
  const base = env[VARIABLE] ?? "";
  if (base === "") return `${PAGES}/${code}.md`;
  if (/^https?:\/\/[^\s@]+$/.test(base) && URL.canParse(base)) return `${base}${code}`;
  throw new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${VARIABLE} isn't the address of a runbook`,
    rule: "an http or https URL without credentials; the code is put at its end",
    action: `Set it to something like https://wiki.example/baton/reasons/, or unset it.`,
  });
}
