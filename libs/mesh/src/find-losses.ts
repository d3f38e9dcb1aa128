/**
 * Holds the mesh's history against what is known of it: marks that lie outside, and what the streams say of one another.
 *
 * L1: what it costs doesn't grow with history: the ends of the streams are read, and the messages that marks name.
 * L2: nothing is changed.
 */
import { createHash } from "node:crypto";

import {
  type Controls,
  type Epoch,
  epochOf,
  HISTORY_STREAMS,
  type HistoryMarks,
  type HistoryStream,
  type Loss,
  type MeshName,
  STREAMS,
} from "@baton/contracts";

import { lastMarked } from "./controls.ts";
import { crossReferences } from "./cross-references.ts";
import { absent } from "./ensure-topology.ts";
import type { Reader } from "./follow.ts";
import { type Head, headOf, lastMark, markAt } from "./heads.ts";
import { LogReset } from "./log-reset.ts";

/** Marks, and who has them. */
export interface KnownMarks {
  readonly by: string;
  readonly marks: HistoryMarks;
}

/** What there is of the mesh's history. */
export interface HistoryState {
  /** `new`: nothing was ever decided, and nobody knows of anything. */
  readonly kind: "new" | "whole" | "lost";
  readonly losses: readonly Loss[];
  /** Names what is lost; undefined where nothing is. */
  readonly lossId: string | undefined;
  readonly heads: Readonly<Record<HistoryStream, Head | undefined>>;
  /** The controls' last state as it is, lost or not. */
  readonly controls: Controls | undefined;
  /** Highest epoch that anything is known of. */
  readonly epoch: number;
  /** What the mesh is called, by its streams or by what is known; undefined where nobody says. */
  readonly name: MeshName | undefined;
}

/** The streams of which one that never held anything shows that nothing was ever decided. */
const DECISIVE = [
  STREAMS.controls.name,
  STREAMS.journal.name,
  STREAMS.reports.name,
  STREAMS.commands.name,
] as const;

/** Looks; `more` is what the asker knows to be lost. Throws what the store throws. */
export async function findLosses(
  reader: Reader,
  known: readonly KnownMarks[],
  more: readonly Loss[] = [],
): Promise<HistoryState> {
  const { jsm } = reader;
  const heads = await headsOf(reader);
  const found = await lastMarked(jsm);
  const controls = typeof found === "string" ? undefined : found.stored.controls;
  const current = controls ? epochOf(controls) : 0;
  const epoch = Math.max(current, 1, ...known.map(({ marks }) => marks.epoch));
  // H2, also where CONTROLS itself is gone or went back: what was lost before the latest epoch was accepted.
  const valid = known.filter(({ marks }) => marks.epoch >= epoch);
  const isNew =
    valid.length + more.length === 0 &&
    DECISIVE.every((stream) => (heads[stream]?.last ?? 0) === 0);
  const named = HISTORY_STREAMS.map((stream) => heads[stream]?.name);
  const name = [...named, ...known.map(({ marks }) => marks.mesh)].find((one) => one !== undefined);
  const common = { heads, controls, epoch, name };
  if (isNew) return { kind: "new", losses: [], lossId: undefined, ...common };
  const losses = [
    ...more,
    ...absentLosses(heads),
    ...emptyControls(heads, controls),
    ...(await Promise.all(valid.map((one) => againstMarks(reader, heads, one)))).flat(),
    ...(await crossLosses(reader, heads, current === epoch ? controls?.epoch : begunIn(valid))),
  ];
  const worst = worstOf(losses);
  const lossId = worst.length === 0 ? undefined : idOf(worst, epoch);
  const kind = worst.length === 0 ? "whole" : "lost";
  return { kind, losses: worst, lossId, ...common };
}

/** When the latest epoch began, by whoever knows outside of CONTROLS. */
function begunIn(known: readonly KnownMarks[]): Epoch | undefined {
  const marks = known.map((one) => one.marks).find(({ began }) => began !== undefined);
  return marks?.began && { n: marks.epoch, heads: marks.began };
}

/** Streams that a lane may read too: what is dispatched, and under which controls. */
const OF_LANES = [STREAMS.controls.name, STREAMS.journal.name] as const;

/** How far history has come, to be kept outside; undefined while CONTROLS has no state. Throws what the store throws. */
export async function readMarks(
  { jsm }: Pick<Reader, "jsm">,
  of: readonly HistoryStream[] = HISTORY_STREAMS,
): Promise<HistoryMarks | undefined> {
  const found = await lastMarked(jsm);
  if (typeof found === "string") return undefined;
  const streams: HistoryMarks["streams"] = {};
  for (const stream of of) {
    const mark = stream === STREAMS.controls.name ? found.mark : await lastMark(jsm, stream);
    if (mark) streams[stream] = mark;
  }
  const time = new Date().toISOString();
  const { epoch } = found.stored.controls;
  const began = epoch && { began: epoch.heads };
  return { v: 1, epoch: epochOf(found.stored.controls), ...began, time, streams };
}

/** Refuses (`LogReset`) if history isn't what the marks say; of streams that a lane may read. */
export async function requireMarks(
  { jsm }: Pick<Reader, "jsm">,
  { by, marks }: KnownMarks,
): Promise<void> {
  const found = await lastMarked(jsm);
  const epoch = typeof found === "string" ? 0 : epochOf(found.stored.controls);
  if (marks.epoch < epoch) return;
  const losses: Loss[] = [];
  for (const stream of OF_LANES) {
    const mark = marks.streams[stream];
    if (!mark) continue;
    const has = (await lastMark(jsm, stream).catch(absent))?.sequence ?? 0;
    const now = has < mark.sequence ? undefined : await markAt(jsm, stream, mark.sequence);
    const { sequence: seen } = mark;
    if (has < seen) losses.push({ stream, kind: has === 0 ? "absent" : "shorter", seen, has, by });
    else if (now && now.sha256 !== mark.sha256)
      losses.push({ stream, kind: "other", seen, has, by });
  }
  if (losses.length > 0) throw new LogReset(losses);
}

/** What connects a lane's actions on main with the history: what they say of it, and what main says is held against it. */
export function historyGuard(reader: Pick<Reader, "jsm">) {
  return {
    marks: () => readMarks(reader, OF_LANES),
    require: (marks: HistoryMarks) => requireMarks(reader, { by: "main", marks }),
  };
}

async function headsOf({ jsm }: Reader): Promise<Record<HistoryStream, Head | undefined>> {
  const [controls, journal, reports, commands, artifacts] = await Promise.all(
    HISTORY_STREAMS.map((stream) => headOf(jsm, stream)),
  );
  return {
    CONTROLS: controls,
    JOURNAL: journal,
    REPORTS: reports,
    COMMANDS: commands,
    OBJ_ARTIFACTS: artifacts,
  };
}

type Heads = HistoryState["heads"];

function absentLosses(heads: Heads): Loss[] {
  return HISTORY_STREAMS.filter((stream) => !heads[stream]).map((stream) => ({
    stream,
    kind: "absent",
    seen: 0,
    has: 0,
    by: "the streams that are there",
  }));
}

/** The first state is made with the mesh. */
function emptyControls(heads: Heads, controls: Controls | undefined): Loss[] {
  const stream = STREAMS.controls.name;
  const head = heads[stream];
  return head && !controls
    ? [{ stream, kind: "shorter", seen: 1, has: head.last, by: "the streams that are there" }]
    : [];
}

async function againstMarks(
  { jsm }: Reader,
  heads: Heads,
  { by, marks }: KnownMarks,
): Promise<Loss[]> {
  const losses: Loss[] = [];
  for (const stream of HISTORY_STREAMS) {
    const mark = marks.streams[stream];
    if (!mark) continue;
    const { sequence: seen, sha256 } = mark;
    const head = heads[stream];
    const has = head?.last ?? 0;
    if (!head) losses.push({ stream, kind: "absent", seen, has, by });
    else if (has < seen) losses.push({ stream, kind: "shorter", seen, has, by });
    else {
      // One that was purged on purpose is not there any more, and what came after it is.
      const now = await markAt(jsm, stream, seen);
      if (now && now.sha256 !== sha256) losses.push({ stream, kind: "other", seen, has, by });
    }
  }
  return losses;
}

/** What a stream names of another must be there. */
async function crossLosses(
  reader: Reader,
  heads: Heads,
  epoch: Epoch | undefined,
): Promise<Loss[]> {
  const losses: Loss[] = [];
  for (const { stream, seen, by } of await crossReferences(reader, heads, epoch)) {
    const has = heads[stream]?.last ?? 0;
    if (has < seen) losses.push({ stream, kind: "shorter", seen, has, by });
  }
  return losses;
}

/** One per stream: gone before shorter before other, and what had come furthest. */
function worstOf(losses: readonly Loss[]): Loss[] {
  const rank = { absent: 0, shorter: 1, other: 2 } as const;
  const sorted = losses.toSorted((a, b) => rank[a.kind] - rank[b.kind] || b.seen - a.seen);
  return HISTORY_STREAMS.flatMap((stream) => sorted.find((one) => one.stream === stream) ?? []);
}

/**
 * The same while the same streams have lost something in the same epoch: an acceptance can't be used for another one. How much is
 * lost doesn't count: people's refused commands make COMMANDS longer again.
 */
function idOf(losses: readonly Loss[], epoch: number): string {
  const text = [epoch, ...losses.map(({ stream }) => stream)].join("\n");
  return `loss-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
}
