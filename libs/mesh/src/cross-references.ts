/** What the streams' latest messages say of one another: a stream that went back alone is given away by the others. */
import {
  commandSubject,
  type Epoch,
  type HistoryStream,
  MESH_ID,
  parseReportSubject,
  STREAMS,
} from "@baton/contracts";

import { Unavailable } from "./connect.ts";
import { parseControls } from "./controls.ts";
import type { Reader } from "./follow.ts";
import type { Head } from "./heads.ts";
import { parseEntry } from "./parse-entry.ts";
import { readPage, type StoredMessage } from "./read-page.ts";
import { parseReport } from "./reports.ts";

/** Something that a stream must have come to, and the message that says so. */
export interface CrossReference {
  readonly stream: HistoryStream;
  readonly seen: number;
  readonly by: string;
}

/** Messages that are read of each stream's end. */
const READ = 64;

type Heads = Readonly<Partial<Record<HistoryStream, Head | undefined>>>;

/** What is named; only messages of the current epoch speak. */
export async function crossReferences(
  reader: Reader,
  heads: Heads,
  epoch: Epoch | undefined,
): Promise<CrossReference[]> {
  const latest = async (stream: HistoryStream): Promise<StoredMessage[]> => {
    const last = heads[stream]?.last ?? 0;
    const from = Math.max(1, last - READ + 1, (epoch?.heads[stream] ?? 0) + 1);
    return last < from ? [] : readFrom(reader, stream, from);
  };
  const [journal, reports, controls] = await Promise.all([
    latest(STREAMS.journal.name),
    latest(STREAMS.reports.name),
    latest(STREAMS.controls.name),
  ]);
  const commands = [
    ...lastCommand(journal, entryCommand),
    ...lastCommand(controls, controlCommand),
  ];
  return [
    ...journal.flatMap(entryReferences),
    ...reportReferences(reports),
    ...(await commandReferences(reader, heads, commands)),
  ];
}

function entryReferences({ data, seq }: StoredMessage): CrossReference[] {
  const entry = tried(() => parseEntry(data, seq));
  if (!entry) return [];
  const by = `${STREAMS.journal.name} ${seq}`;
  const found: CrossReference[] = [];
  if (entry.controls !== undefined)
    found.push({ stream: STREAMS.controls.name, seen: entry.controls, by });
  if (entry.cause.kind === "report")
    found.push({ stream: STREAMS.reports.name, seen: entry.cause.sequence, by });
  return found;
}

/**
 * Lanes name the dispatch that they answer. One lane's word isn't enough, or a single stolen key could stop the mesh: what the
 * lane that had come second says counts.
 */
function reportReferences(messages: readonly StoredMessage[]): CrossReference[] {
  const highest = new Map<string, CrossReference>();
  for (const { data, seq, subject } of messages) {
    const lane = parseReportSubject(subject)?.lane;
    const report = parseReport(data);
    if (lane === undefined || typeof report === "string") continue;
    const { answers: seen } = report;
    const by = `${STREAMS.reports.name} ${seq}`;
    if (seen > (highest.get(lane)?.seen ?? 0))
      highest.set(lane, { stream: STREAMS.journal.name, seen, by });
  }
  const [, second] = [...highest.values()].toSorted((one, other) => other.seen - one.seen);
  return second ? [second] : [];
}

interface NamedCommand {
  readonly candidateId: string;
  readonly commandId: string;
  readonly by: string;
}

/** The last command that is named there. */
function lastCommand(
  messages: readonly StoredMessage[],
  named: (message: StoredMessage) => NamedCommand | undefined,
): NamedCommand[] {
  const found = messages.flatMap((message) => tried(() => named(message)) ?? []).at(-1);
  return found ? [found] : [];
}

function entryCommand({ data, seq }: StoredMessage): NamedCommand | undefined {
  const { cause, candidateId } = parseEntry(data, seq);
  if (cause.kind !== "command") return undefined;
  return { candidateId, commandId: cause.commandId, by: `${STREAMS.journal.name} ${seq}` };
}

function controlCommand({ data, seq }: StoredMessage): NamedCommand | undefined {
  const { cause } = parseControls(data, seq).controls;
  if (cause.kind !== "command") return undefined;
  const by = `${STREAMS.controls.name} ${seq}`;
  return { candidateId: MESH_ID, commandId: cause.commandId, by };
}

async function commandReferences(
  { jsm }: Reader,
  heads: Heads,
  commands: readonly NamedCommand[],
): Promise<CrossReference[]> {
  const head = heads[STREAMS.commands.name];
  if (!head) return [];
  const found: CrossReference[] = [];
  for (const { by, ...of } of commands) {
    const message = await jsm.streams.getMessage(STREAMS.commands.name, {
      last_by_subj: commandSubject(of),
    });
    if (!message) found.push({ stream: STREAMS.commands.name, seen: head.last + 1, by });
  }
  return found;
}

async function readFrom(
  { nc, jsm }: Reader,
  stream: string,
  first: number,
): Promise<StoredMessage[]> {
  const api = jsm.getOptions().apiPrefix ?? "$JS.API";
  const messages: StoredMessage[] = [];
  for (let from = first; ;) {
    const signal = AbortSignal.timeout(10_000);
    const request = { subject: `${api}.DIRECT.GET.${stream}`, filter: undefined, most: READ };
    const page = await readPage(nc, { ...request, from, signal });
    messages.push(...page.messages);
    if (page.end === "all") return messages;
    const last = page.messages.at(-1);
    if (page.end !== "more" || !last)
      throw new Unavailable(`the end of ${stream} can't be read (${page.end})`);
    from = last.seq + 1;
  }
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // What isn't an entry says nothing; `baton doctor` lists it.
    return undefined;
  }
}
