/** `baton trace ID`: the handoffs of a candidate's runs. */
import {
  candidateTextFrom,
  findCandidate,
  readEntries,
  readReports,
  runIdFrom,
  type Session,
} from "@baton/client";
import { type Holder, STREAMS } from "@baton/contracts";
import { colors, print, terminalWidth } from "@baton/terminal";
import { UserError, EXIT } from "@baton/text/user-error";
import { renderWaterfall, type SpanKind, spansOf, totalsOf } from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";

const PAINTS: Readonly<Record<SpanKind, (text: string) => string>> = {
  queue: colors.dim,
  lane: colors.green,
  retry: colors.yellow,
  coordinator: colors.cyan,
  human: colors.magenta,
};

/** Draws the waterfall, or prints the spans and their sums. */
export async function trace(id: string, options: Globals & { run?: string }): Promise<void> {
  const typed = candidateTextFrom(id);
  const runId = options.run === undefined ? undefined : runIdFrom(options.run);
  await using session = await openCommandSession(options);
  const candidateId = await findCandidate(session, typed);
  const entries = await readEntries(session, candidateId);
  const runs = [...new Set(entries.map(({ entry }) => entry.runId))];
  if (runId !== undefined && !runs.includes(runId)) throw unknownRun(candidateId, runId, runs);
  const reports = await readReports(session, candidateId);
  const deliveredThrough = await deliveredTo(session, entries.at(-1)?.entry.holder);
  const spans = spansOf(entries, reports, { now: Date.now(), runId, deliveredThrough });
  const value = { candidateId, spans, totalsMs: totalsOf(spans) };
  const paint = (kind: SpanKind, text: string): string => PAINTS[kind](text);
  await print(options.format, value, () =>
    renderWaterfall(spans, { width: terminalWidth(), paint }),
  );
}

/** How far the journal was delivered to a lane; undefined for another holder, or if the consumer is gone. */
async function deliveredTo(
  { jsm }: Session,
  holder: Holder | undefined,
): Promise<number | undefined> {
  if (holder === undefined || holder === "review" || holder === "closed") return undefined;
  const info = await jsm.consumers.info(STREAMS.journal.name, holder).catch(() => undefined);
  return info?.delivered.stream_seq;
}

function unknownRun(candidateId: string, runId: string, runs: readonly string[]): UserError {
  return new UserError({
    code: "E_NOT_FOUND",
    exit: EXIT.notFound,
    message: `${candidateId} has no run ${runId}`,
    action: `Its runs: ${runs.slice(-5).join(", ")}.`,
  });
}
