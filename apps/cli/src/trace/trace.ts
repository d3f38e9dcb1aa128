/** `baton trace ID`: the handoffs of a candidate's runs. */
import {
  candidateTextFrom,
  findCandidate,
  readEntries,
  readReports,
  runIdFrom,
  type Session,
} from "@baton/client";
import { type Holder, STREAMS, type TimedEntry } from "@baton/contracts";
import { colors, print, terminalWidth } from "@baton/terminal";
import { UserError, EXIT } from "@baton/text/user-error";
import { traceLink } from "@baton/tracing-ui";
import { renderWaterfall, type SpanKind, spansOf, totalsOf, traceIdOf } from "@baton/views";

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
  const links = linksOf(
    entries,
    spans,
    process.env["BATON_TRACE_LINK"] ?? session.address.up?.traceLink,
  );
  const value = { candidateId, spans, totalsMs: totalsOf(spans), links };
  const paint = (kind: SpanKind, text: string): string => PAINTS[kind](text);
  await print(options.format, value, () => {
    const waterfall = renderWaterfall(spans, { width: terminalWidth(), paint });
    return `${waterfall}${Object.entries(links)
      .map(([run, link]) => `${run}  ${link}\n`)
      .join("")}`;
  });
}

/** The page of each run that is shown, in a tracing UI, where its address is known. */
function linksOf(
  entries: readonly TimedEntry[],
  spans: readonly { readonly runId: string }[],
  link: string | undefined,
): Record<string, string> {
  if (link === undefined || link === "") return {};
  const shown = new Set(spans.map(({ runId }) => runId));
  return Object.fromEntries(
    entries
      .filter(({ entry }) => shown.has(entry.runId))
      .map(({ entry }) => [entry.runId, traceLink(link, traceIdOf(entry))]),
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
