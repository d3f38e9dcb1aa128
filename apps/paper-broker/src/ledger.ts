/**
 * The append-only file in which everything that happened is stored before it is answered (J8, J11).
 *
 * One JSON object per line: `{"sum":…,"n":…,"event":…}`; `n` counts from 0 and `sum` covers the line's text and the sum
 * of the line before, so a changed, missing or moved line is found when the file is read.
 *
 * G1: `append` keeps the order of its calls; `flushed` resolves once everything appended before it is on the disk.
 *     What is appended while the disk is busy goes out together, with one sync.
 * G2: text after the last newline was never answered for: it is cut off at the start, kept beside the file, and said.
 * G3: anything else that doesn't fit is refused: a file that was changed is for a person to look at.
 * G4: after a failed write nothing more is written, as the file's end is unknown; the process must end.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";

import { z } from "zod";

import { BookEvent } from "./book-event.ts";

const FORMAT = "baton.paper-broker-ledger.v1";
const CHUNK_BYTES = 256 * 1024;
/** Longest line that is read: an engaged kill switch may cancel every open order of a broker. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

const Line = z.strictObject({
  sum: z.string(),
  n: z.int().min(0),
  event: z.union([BookEvent, z.strictObject({ type: z.literal("ledger"), format: z.string() })]),
});

/** The file says something that this program never wrote. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code: "E_LEDGER_CORRUPT" | "E_LEDGER_WRITE";

  constructor(code: LedgerError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An open ledger; only one process may have it. */
export interface Ledger {
  /** Queues the event; store it in memory only together with this call. */
  append(event: BookEvent): void;
  /** Resolves when everything appended so far is on the disk; rejects with a LedgerError once a write failed (G4). */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

/** What was found while opening. */
export interface LedgerOpening {
  readonly ledger: Ledger;
  readonly events: number;
  /** Bytes cut off after a torn write (G2), and where they were kept. */
  readonly torn: { readonly bytes: number; readonly keptAs: string } | null;
}

/** Opens or creates the ledger at `path`, gives every stored event to `replay`; throws a LedgerError (G3). */
export async function openLedger(
  path: string,
  replay: (event: BookEvent) => void,
): Promise<LedgerOpening> {
  const file = await open(path, "a+", 0o600);
  try {
    const read = await replayLines(file, path, replay);
    const torn = read.tail.length === 0 ? null : await cutTail(file, path, read);
    const ledger = writer(file, read.sum, read.lines);
    if (read.lines === 0) ledger.append({ type: "ledger", format: FORMAT });
    await ledger.flushed();
    await syncDirectory(dirname(path));
    return { ledger, events: Math.max(0, read.lines - 1), torn };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Replayed {
  lines: number;
  sum: string;
  /** Bytes of the whole lines. */
  end: number;
  /** What follows the last newline. */
  tail: Buffer;
}

async function replayLines(
  file: FileHandle,
  path: string,
  replay: (event: BookEvent) => void,
): Promise<Replayed> {
  const state: Replayed = { lines: 0, sum: "", end: 0, tail: Buffer.alloc(0) };
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return state;
    position += bytesRead;
    let rest = Buffer.concat([state.tail, chunk.subarray(0, bytesRead)]);
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      const event = readLine(rest.subarray(0, at).toString("utf8"), state, path);
      if (event.type !== "ledger") replay(event);
      state.end += at + 1;
      rest = rest.subarray(at + 1);
    }
    if (rest.length > MAX_LINE_BYTES) throw corrupt(path, state.lines, "is too long");
    state.tail = rest;
  }
}

function readLine(text: string, state: Replayed, path: string) {
  const body = /^\{"sum":"([0-9a-f]{16})",(.*)\}$/s.exec(text);
  const sum = sumOf(state.sum, body?.[2] ?? "");
  if (!body || body[1] !== sum) throw corrupt(path, state.lines, "doesn't fit its checksum");
  const parsed = Line.safeParse(JSON.parse(text));
  if (!parsed.success || parsed.data.n !== state.lines)
    throw corrupt(path, state.lines, "has another form");
  const { event } = parsed.data;
  const first = state.lines === 0;
  if (first !== (event.type === "ledger") || (event.type === "ledger" && event.format !== FORMAT))
    throw corrupt(path, state.lines, `isn't of format ${FORMAT}`);
  state.lines += 1;
  state.sum = sum;
  return event;
}

function corrupt(path: string, line: number, what: string): LedgerError {
  return new LedgerError(
    "E_LEDGER_CORRUPT",
    `line ${line + 1} of ${path} ${what}: the file was changed or damaged. Nothing was repaired. ` +
      "Restore the file from a backup, or move it away to begin with an empty broker",
  );
}

async function cutTail(file: FileHandle, path: string, { tail, end }: Replayed) {
  const keptAs = `${path}.torn-at-${end}`;
  const copy = await open(keptAs, "w", 0o600);
  try {
    await copy.writeFile(tail);
    await copy.sync();
  } finally {
    await copy.close();
  }
  await file.truncate(end);
  await file.sync();
  return { bytes: tail.length, keptAs };
}

type Stored = z.infer<typeof Line>["event"];

interface Writer extends Ledger {
  append(event: Stored): void;
}

interface Batch {
  readonly lines: string[];
  readonly stored: PromiseWithResolvers<void>;
}

function newBatch(): Batch {
  const stored = Promise.withResolvers<void>();
  // Whoever waits for it gets the failure; a batch that nobody waits for must not end the process by itself.
  stored.promise.catch(() => {});
  return { lines: [], stored };
}

function writer(file: FileHandle, lastSum: string, lines: number): Writer {
  let sum = lastSum;
  let n = lines;
  let next: Batch | undefined;
  let current: Batch | undefined;
  let failure: LedgerError | undefined;

  async function writeOut(): Promise<void> {
    for (let batch = takeNext(); batch; batch = takeNext()) {
      try {
        await file.appendFile(batch.lines.join(""));
        await file.datasync();
        batch.stored.resolve();
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        const message = `the ledger can't be written: ${why}`;
        failure = new LedgerError("E_LEDGER_WRITE", message, { cause });
        batch.stored.reject(failure);
      }
    }
  }
  function takeNext(): Batch | undefined {
    current = next;
    next = undefined;
    if (failure) current?.stored.reject(failure);
    return failure ? undefined : current;
  }
  const flushed = async (): Promise<void> => {
    if (failure) throw failure;
    await (next ?? current)?.stored.promise;
  };
  return {
    append(event) {
      const body = JSON.stringify({ n, event }).slice(1, -1);
      sum = sumOf(sum, body);
      n += 1;
      const idle = !next && !current;
      next ??= newBatch();
      next.lines.push(`{"sum":"${sum}",${body}}\n`);
      // After a microtask, so that what one turn appends goes out in one write (G1).
      if (idle) queueMicrotask(() => void writeOut());
    },
    flushed,
    async close() {
      try {
        await flushed();
      } finally {
        await file.close();
      }
    },
  };
}

function sumOf(previous: string, body: string): string {
  return createHash("sha256").update(`${previous}\n${body}`).digest("hex").slice(0, 16);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
