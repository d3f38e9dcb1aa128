/** `baton submit FILE… --check`: says what each file would be, or everything that is wrong with it. Sends nothing. */
import type { CandidateId } from "@baton/contracts";
import { type Format, write } from "@baton/terminal";
import { printable } from "@baton/text/printable";
import { UserError } from "@baton/text/user-error";

import type { CandidateCheck, CheckedData } from "./check-candidate.ts";
import { type FileOutcome, outcomeOf, printList, renderRefused } from "./outcomes.ts";
import { readSpec } from "./prepare.ts";

/** What a file would be. */
type WouldBe = CandidateCheck & { readonly candidateId: CandidateId };

/** Prints a line per file; ends with the first failure's exit code. Needs no server and no key. */
export async function checkFiles(
  files: readonly string[],
  { id, format }: { readonly id: CandidateId | undefined; readonly format: Format },
): Promise<void> {
  const outcomes: FileOutcome<WouldBe>[] = [];
  for (const path of files) {
    const outcome = await outcomeOf(path, () => look(path, id));
    if (files.length === 1 && "failure" in outcome) throw new UserError(outcome.failure);
    outcomes.push(outcome);
    if (format === "table") await write(lineOf(outcome));
  }
  if (format !== "table") await printList(outcomes, format);
  const failed = outcomes.find((of) => "failure" in of);
  if (failed) process.exitCode = failed.failure.exit;
}

async function look(path: string, id: CandidateId | undefined): Promise<WouldBe> {
  const { candidateId, check } = await readSpec(path, { id });
  if (check === undefined) throw new Error(`${path} wasn't looked at`);
  return { candidateId, ...check };
}

function lineOf(outcome: FileOutcome<WouldBe>): string {
  if ("failure" in outcome) return renderRefused(outcome.file, outcome.failure);
  const { candidateId, trials, instruments, rows, rowsNeeded, barsPerYear, data } = outcome.done;
  const found =
    rows === undefined
      ? `rows unknown (a file that is stored already), at least ${rowsNeeded} are needed`
      : `${rows} rows, at least ${rowsNeeded} are needed; ${barsPerYear} bars a year`;
  return `fits       ${printable(outcome.file)}  ${candidateId}  ${trials} trials on ${instruments.join(", ")}: ${found}\n${(data ?? []).map(pricesLine).join("")}`;
}

const PRICES: Readonly<Record<CheckedData["prices"], string>> = {
  "as-given": "as they stand in the file (as-given)",
  "adjusted-close": "scaled to the adjusted close (adjusted-close)",
  "declared-splits": "brought to the new shares at the declared splits (declared-splits)",
};

function pricesLine({ instrument, prices, ignoredColumns }: CheckedData): string {
  const names = ignoredColumns.map((name) => JSON.stringify(name)).join(", ");
  const ignored = names === "" ? "no column is ignored" : `ignored columns: ${printable(names)}`;
  return `           ${instrument}: prices ${PRICES[prices]}; ${ignored}\n`;
}
