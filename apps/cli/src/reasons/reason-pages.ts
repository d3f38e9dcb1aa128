/**
 * The pages about reason codes. They come with the source, one file per code; which codes there are is read from the folder,
 * so that a page is shown at once: neither schemas nor a server are needed for it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { nearest } from "@baton/text/nearest";
import { UserError, EXIT } from "@baton/text/user-error";

/** Where the pages are, relative to the project's root. */
export const PAGES = "docs/reasons";

const FOLDER = join(import.meta.dirname, "../../../..", PAGES);
const PAGE = /^([A-Z][A-Z_]*)\.md$/;

/** A code's page. */
export interface ReasonPage {
  readonly code: string;
  /** The file, relative to the project's root. */
  readonly file: string;
  readonly text: string;
}

/** The codes that have a page, in alphabetical order. Throws `UserError` E_NOT_FOUND where the pages weren't installed. */
export function pageCodes(folder = FOLDER): string[] {
  try {
    return readdirSync(folder)
      .flatMap((name) => PAGE.exec(name)?.[1] ?? [])
      .toSorted();
  } catch (cause) {
    throw new UserError({
      code: "E_NOT_FOUND",
      exit: EXIT.notFound,
      message: "the pages about reason codes aren't installed here",
      value: folder,
      action: `Copy ${PAGES} next to apps and libs, or read them in the repository.`,
      cause,
    });
  }
}

/** The page of a code, in upper or lower case. Throws `UserError` E_NOT_FOUND with the code that was probably meant. */
export function readPage(typed: string, folder = FOLDER): ReasonPage {
  const codes = pageCodes(folder);
  const code = typed.toUpperCase().replaceAll("-", "_");
  if (!codes.includes(code)) throw unknownCode(typed, nearest(code, codes));
  const text = readFileSync(join(folder, `${code}.md`), "utf8");
  return { code, file: `${PAGES}/${code}.md`, text };
}

function unknownCode(typed: string, meant: string | undefined): UserError {
  return new UserError({
    code: "E_NOT_FOUND",
    exit: EXIT.notFound,
    message: "there is no such reason code",
    value: typed,
    action:
      meant === undefined
        ? "`baton reasons` lists those there are."
        : `Did you mean ${meant}? \`baton reasons\` lists all.`,
  });
}
