/** `npm run reasons`: brings what is made from the catalogue in docs/reasons up to date. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { CATALOGUE, withHead, withList } from "./catalogue-docs.ts";
import { PAGES } from "./reason-pages.ts";

const folder = join(import.meta.dirname, "../../../..", PAGES);

function bring(name: string, upToDate: (text: string) => string): void {
  const file = join(folder, name);
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const after = upToDate(before);
  if (after === before) return;
  writeFileSync(file, after);
  process.stdout.write(`${PAGES}/${name} written\n`);
}

for (const [code, text] of Object.entries(CATALOGUE))
  bring(`${code}.md`, (page) => withHead(page, code, text));
bring("README.md", (readme) => withList(readme, CATALOGUE));
