/** What became of each file, and how that is shown. */
import type { AcceptedReceipt } from "@baton/client";
import type { Entry } from "@baton/contracts";
import { explainError, type Format, print, write } from "@baton/terminal";
import { printable } from "@baton/text/printable";
import {
  UserError,
  type FailureDetails,
  failureFields,
  renderFailure,
} from "@baton/text/user-error";
import { particularsOf } from "@baton/views";

import { renderReceipt } from "../render-receipt.ts";
import { nameOf } from "./prepare.ts";

/** Of one file: what was done, or why it wasn't. */
export type FileOutcome<T> =
  | { readonly file: string; readonly done: T }
  | { readonly file: string; readonly failure: FailureDetails };

/** Does it for one file; a failure is that file's only. Ctrl-C isn't caught. */
export async function outcomeOf<T>(path: string, work: () => Promise<T>): Promise<FileOutcome<T>> {
  const file = nameOf(path);
  try {
    return { file, done: await work() };
  } catch (error) {
    return { file, failure: explainError(error) };
  }
}

/** The line of a file that was refused, where there are several. */
export function renderRefused(file: string, failure: FailureDetails): string {
  return `refused    ${printable(file)}  ${renderFailure(failure)}`;
}

/** Says in a table's format what became of a file. */
export async function tell(
  outcome: FileOutcome<AcceptedReceipt>,
  { format, one }: { readonly format: Format; readonly one: boolean },
): Promise<void> {
  if (format !== "table") return;
  if ("failure" in outcome) return await write(renderRefused(outcome.file, outcome.failure));
  const from = one ? "" : `           ${printable(outcome.file)}\n`;
  await write(`${renderReceipt("submit", outcome.done)}${from}`);
}

/** One document for a program: the receipt, or a list of outcomes; with `--wait` each with where it ended. */
export async function printEnds(
  outcomes: readonly FileOutcome<AcceptedReceipt>[],
  ends: readonly Entry[] | undefined,
  format: Format,
): Promise<void> {
  if (format === "table") return;
  await printList(
    outcomes.map((of) => ("failure" in of ? of : { ...of, done: withEnd(of.done, ends) })),
    format,
  );
}

/** Outcomes as JSON or YAML: one as it is (its failure is thrown), several as a list with errors in their places. */
export async function printList(
  outcomes: readonly FileOutcome<object>[],
  format: Exclude<Format, "table">,
): Promise<void> {
  const [only] = outcomes;
  if (only && outcomes.length === 1) {
    if ("failure" in only) throw new UserError(only.failure);
    return await print(format, only.done, String);
  }
  const rows = outcomes.map((of) =>
    "failure" in of
      ? { file: of.file, error: failureFields(of.failure) }
      : { file: of.file, ...of.done },
  );
  await print(format, rows, String);
}

function withEnd(receipt: AcceptedReceipt, ends: readonly Entry[] | undefined) {
  const entry = ends?.find(({ candidateId }) => candidateId === receipt.candidateId);
  if (!entry) return receipt;
  const { holder, reason, stage, runId } = entry;
  const detail = particularsOf(entry);
  return { ...receipt, end: { holder, reason, stage, runId, detail } };
}
