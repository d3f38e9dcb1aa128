/** `baton reasons [CODE]`: the catalogue, or the page of one code. Needs no server. */
import type { ReasonText } from "@baton/contracts";
import { colors, print, terminalWidth, write } from "@baton/terminal";
import { renderTable } from "@baton/views/render-table";

import type { Globals } from "../globals.ts";
import { readPage } from "./reason-pages.ts";
import { runbookOf } from "./runbook.ts";

/** A code of the catalogue with where to read on. */
interface ReasonRow extends ReasonText {
  readonly code: string;
  readonly runbook: string;
}

/** Prints the page of `code`, or every code with its text. */
export async function reasons(code: string | undefined, globals: Globals): Promise<void> {
  if (code === undefined) {
    const rows = await readCatalogue();
    return print(globals.format, rows, (list) => renderCatalogue(list, terminalWidth()));
  }
  const page = readPage(code);
  // The page alone is enough for a reader; the catalogue's schemas would cost more time than all the rest.
  if (globals.format === "table") return write(renderPage(page.text));
  const row = (await readCatalogue()).find((one) => one.code === page.code);
  return print(globals.format, { ...row, ...page }, () => page.text);
}

async function readCatalogue(): Promise<ReasonRow[]> {
  const { REASONS } = await import("@baton/contracts");
  return Object.entries(REASONS).map(([code, text]) => ({
    code,
    ...text,
    runbook: runbookOf(code),
  }));
}

function renderCatalogue(rows: readonly ReasonRow[], width: number): string {
  return renderTable(
    ["CODE", "STATE", "MEANING"].map((heading) => ({ heading })),
    rows.map(({ code, state, meaning }) => [code, state, meaning]),
    width,
  );
}

/** Markdown as a terminal shows it: links by their text alone, headings in bold. */
export function renderPage(text: string): string {
  return text
    .replaceAll(/\[([^\]\n]*)\]\([^)\n]*\)/g, "$1")
    .replaceAll(/^#+ (.*)$/gm, (_, title: string) => colors.bold(title));
}
