/**
 * Reads again everything that is stored, to find what the disk has lost before somebody needs it: every message of a stream in
 * which nothing is ever removed, whether each entry of the journal is what its successor says, and the bytes of every artifact
 * that the journal names.
 *
 * R1: what the server can't read any more it leaves out without a word, so each sequence is looked for; the leader has the last word.
 * R2: after each piece the reader waits as long as `pace` says, so that a scrub takes a bounded share of the disk.
 * R3: memory is bounded: what was looked at long ago may be looked at twice.
 */
import { hash } from "node:crypto";

import { type Entry, Lane, parseCommandSubject, type Sha256, STREAMS } from "@baton/contracts";

import { ArtifactAltered, type Artifacts } from "./artifacts.ts";
import { Denied, Unavailable } from "./connect.ts";
import { ControlsCorrupt, parseControls } from "./controls.ts";
import type { Reader } from "./follow.ts";
import { type Named, namedBy } from "./named-by.ts";
import { JournalCorrupt, parseEntry } from "./parse-entry.ts";
import { readPage, type StoredMessage } from "./read-page.ts";
import { readReport } from "./reports.ts";

/** A kind that writes messages which the coordinator reads; the server lets it publish under its own subjects only. */
type MessageWriter = Lane | "cli";

/** A stream in which every sequence is there for ever. */
export type KeptStream = "journal" | "reports" | "commands" | "controls";

/** Something that can't be read any more. */
export type Damage =
  /** Messages that the server doesn't have, from the first to the last sequence. */
  | { readonly kind: "lost"; readonly stream: string; readonly from: number; readonly to: number }
  /** A message that is there and isn't what belongs there. */
  | {
      readonly kind: "unreadable";
      readonly stream: string;
      readonly from: number;
      readonly why: string;
      /** Whose key wrote it so, which harms nobody else; undefined where only the coordinator writes and the journal rests on it. */
      readonly writer: MessageWriter | undefined;
    }
  | {
      readonly kind: "artifact";
      readonly how: "missing" | "altered";
      /** The candidate that names it first. */
      readonly candidateId: string;
      readonly named: Named;
    };

/** How far a scrub has come. */
export interface ScrubProgress {
  readonly messages: number;
  readonly artifacts: number;
  readonly bytes: number;
  /** Messages of all streams together, as known at the start. */
  readonly of: number;
}

/** What is read, and who is told. */
export interface ScrubOptions {
  readonly reader: Reader;
  readonly artifacts: Pick<Artifacts, "get">;
  readonly streams: readonly KeptStream[];
  readonly signal: AbortSignal;
  readonly onDamage: (damage: Damage) => void;
  /** R2: called after so many bytes. */
  readonly pace?: (bytes: number) => Promise<void>;
  readonly onProgress?: (progress: ScrubProgress) => void;
}

const PAGE = 64;
/** R3. */
const MOST_KNOWN = 100_000;
/** A page that didn't come is asked for again so often. */
const TRIES = 5;

/** Reads all once. Rejects if a stream can't be read at all, or with the signal's reason. */
export async function scrub(options: ScrubOptions): Promise<ScrubProgress> {
  const work = new Scrub(options);
  return work.run();
}

class Scrub {
  readonly #options: ScrubOptions;
  readonly #known = new Set<string>();
  /** The latest entry of each candidate. */
  readonly #latest = new Map<string, { readonly seq: number; readonly sha256: Sha256 }>();
  #progress: ScrubProgress = { messages: 0, artifacts: 0, bytes: 0, of: 0 };

  constructor(options: ScrubOptions) {
    this.#options = options;
  }

  async run(): Promise<ScrubProgress> {
    const { streams, reader } = this.#options;
    const ends = new Map<KeptStream, number>();
    for (const stream of streams) {
      const { state } = await reader.jsm.streams.info(STREAMS[stream].name);
      ends.set(stream, state.last_seq);
      this.#count({ of: state.last_seq });
    }
    for (const [stream, last] of ends) await this.#readStream(stream, last);
    return this.#progress;
  }

  #count(more: Partial<ScrubProgress>): void {
    const { messages, artifacts, bytes, of } = this.#progress;
    this.#progress = {
      messages: messages + (more.messages ?? 0),
      artifacts: artifacts + (more.artifacts ?? 0),
      bytes: bytes + (more.bytes ?? 0),
      of: of + (more.of ?? 0),
    };
    this.#options.onProgress?.(this.#progress);
  }

  async #readStream(stream: KeptStream, last: number): Promise<void> {
    let next = 1;
    while (next <= last) {
      const messages = await this.#readPage(stream, next);
      const found = messages.filter(({ seq }) => seq <= last);
      let bytes = 0;
      for (const message of found) {
        await this.#findLost(stream, next, message.seq - 1);
        next = message.seq + 1;
        bytes += message.data.length;
        await this.#look(stream, message);
      }
      if (found.length === 0) {
        await this.#findLost(stream, next, last);
        next = last + 1;
      }
      this.#count({ messages: found.length, bytes });
      await this.#options.pace?.(bytes);
    }
  }

  /** Stored messages from a sequence on; none if there are no more. */
  async #readPage(stream: KeptStream, from: number): Promise<readonly StoredMessage[]> {
    const { reader, signal } = this.#options;
    const api = reader.jsm.getOptions().apiPrefix ?? "$JS.API";
    const { name } = STREAMS[stream];
    const subject = `${api}.DIRECT.GET.${name}`;
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      const page = await readPage(reader.nc, {
        subject,
        from,
        filter: undefined,
        most: PAGE,
        signal,
      });
      if (page.messages.length > 0 || page.end === "all") return page.messages;
      if (page.end === "denied")
        throw new Denied(`the server doesn't let this process read ${name}`);
      if (tries >= TRIES) throw new Unavailable(`${name} can't be read from ${from} on`);
    }
  }

  /** R1: a page may come from a replica that lags, or leave out what can't be read. */
  async #findLost(stream: KeptStream, from: number, to: number): Promise<void> {
    const { reader, signal, onDamage } = this.#options;
    const { name } = STREAMS[stream];
    let first: number | undefined;
    for (let seq = from; seq <= to + 1; seq += 1) {
      signal.throwIfAborted();
      const message = seq > to ? undefined : await storedAt(reader, name, seq);
      if (seq <= to && !message) {
        first ??= seq;
        continue;
      }
      if (first !== undefined) onDamage({ kind: "lost", stream: name, from: first, to: seq - 1 });
      first = undefined;
      if (message) await this.#look(stream, message);
    }
  }

  async #look(stream: KeptStream, message: Looked): Promise<void> {
    const { onDamage } = this.#options;
    const entry = read(stream, message);
    if (typeof entry === "string")
      onDamage({
        kind: "unreadable",
        stream: STREAMS[stream].name,
        from: message.seq,
        why: entry,
        writer: writerOf(stream, message.subject),
      });
    else if (entry) {
      await this.#lookBefore(entry, message);
      for (const named of namedBy(entry)) await this.#lookFor(entry, named);
    }
  }

  /** Whether the entry before is the one that this one was decided on. */
  async #lookBefore(
    { candidateId, prev, prevSha256 }: Entry,
    { seq, data }: Looked,
  ): Promise<void> {
    const { reader, onDamage } = this.#options;
    const { name } = STREAMS.journal;
    const known = this.#latest.get(candidateId);
    if (this.#latest.size >= MOST_KNOWN) this.#latest.clear();
    this.#latest.set(candidateId, { seq, sha256: hash("sha256", data) });
    if (prev === 0) return;
    const before = known?.seq === prev ? known : hashed(await storedAt(reader, name, prev));
    // One that isn't there is told where it is missed.
    if (before === undefined || before.sha256 === prevSha256) return;
    const why = `JOURNAL ${seq} was decided on an entry with another content`;
    onDamage({ kind: "unreadable", stream: name, from: prev, why, writer: undefined });
  }

  async #lookFor({ candidateId }: Entry, named: Named): Promise<void> {
    const { artifacts, signal, pace, onDamage } = this.#options;
    if (this.#known.has(named.sha256)) return;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.add(named.sha256);
    signal.throwIfAborted();
    const found = await artifacts.get(named.sha256).catch((error: unknown) => {
      if (error instanceof ArtifactAltered) return "altered" as const;
      throw error;
    });
    if (found === undefined || found === "altered")
      onDamage({ kind: "artifact", how: found ?? "missing", candidateId, named });
    const bytes = typeof found === "object" ? found.length : 0;
    this.#count({ artifacts: 1, bytes });
    await pace?.(bytes);
  }
}

/** What a disk altered the server leaves out: what is there was written so. */
function writerOf(stream: KeptStream, subject: string): MessageWriter | undefined {
  if (stream === "commands") return "cli";
  return stream === "reports" ? Lane.safeParse(subject.split(".")[2]).data : undefined;
}

function hashed(message: Looked | undefined) {
  return message && { seq: message.seq, sha256: hash("sha256", message.data) };
}

type Looked = Pick<StoredMessage, "subject" | "data" | "seq">;

/** For a message whose checksum is wrong the server answers that there is none. */
async function storedAt({ jsm }: Reader, name: string, seq: number): Promise<Looked | undefined> {
  return (await jsm.streams.getMessage(name, { seq })) ?? undefined;
}

/** An entry of the journal; in words what is wrong with a message; undefined for any other that is as it should be. */
function read(stream: KeptStream, { subject, data, seq }: Looked): Entry | string | undefined {
  switch (stream) {
    case "journal":
      return orWords(() => parseEntry(data, seq));
    case "reports": {
      const report = readReport(data);
      return report.kind === "malformed" ? report.why : undefined;
    }
    case "controls":
      return orWords(() => void parseControls(data, seq));
    case "commands":
      return parseCommandSubject(subject) ? undefined : "not the subject of a command";
  }
}

/** What another release wrote is no damage. */
function orWords<T>(parse: () => T): T | string | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof JournalCorrupt || error instanceof ControlsCorrupt)) throw error;
    return error.otherRelease ? undefined : error.message;
  }
}
