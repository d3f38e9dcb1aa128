/** `npm run corpus`: adds what the last dry run captured to the corpus, where it has a form that isn't in it yet. */
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { formOf } from "./capture-wire.ts";

const root = join(import.meta.dirname, "../../..");
const runs = join(root, ".baton/dry-run");
const latest = readdirSync(runs).toSorted().at(-1) ?? "";
const captured = join(runs, latest, "wire");
const corpus = join(root, "libs/contracts/corpus/v1");

for (const file of readdirSync(captured)) {
  const known = new Set(linesOf(join(corpus, file)).map((line) => formOf(JSON.parse(line))));
  const added = linesOf(join(captured, file)).filter(
    (line) => !known.has(formOf(JSON.parse(line))),
  );
  if (added.length === 0) continue;
  appendFileSync(join(corpus, file), added.map((line) => `${line}\n`).join(""));
  process.stdout.write(`${file}: ${added.length} added\n`);
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}
