/** A dry run as it goes: a board that is drawn again and again on a terminal, one line per event elsewhere. */
import type { TimedEntry } from "@baton/contracts";
import { colors } from "@baton/terminal";
import { cutTo, printable } from "@baton/text/printable";
import { particularsOf } from "@baton/views";
import { createLogUpdate } from "log-update";

import type { Story, StoryName } from "./stories.ts";

/** Shows what happens. */
export interface LiveView extends Disposable {
  /** What is being done as a whole, such as `starting`. */
  phase(this: void, text: string): void;
  /** A candidate moved. */
  entry(this: void, timed: TimedEntry): void;
  /** Something was done from outside, or happened to a service. */
  tell(this: void, about: StoryName | "mesh", what: string): void;
}

const REDRAW_MS = 120;
const MAX_TOLD = 5;
const NAME_WIDTH = 13;

interface Board {
  phase: string;
  readonly stories: readonly Story[];
  readonly stages: readonly string[];
  readonly latest: Map<string, TimedEntry>;
  readonly told: string[];
  readonly startedMs: number;
}

/** Opens the view on standard output; `silent` shows nothing. `stages` are those of a candidate that goes all the way. */
export function openView(
  stories: readonly Story[],
  stages: readonly string[],
  { silent }: { silent: boolean },
): LiveView {
  const board: Board = {
    phase: "",
    stories,
    stages,
    latest: new Map(),
    told: [],
    startedMs: performance.now(),
  };
  if (silent) return quietView();
  return process.stdout.isTTY ? boardView(board) : lineView(board);
}

function quietView(): LiveView {
  const nothing = (): void => undefined;
  return { phase: nothing, entry: nothing, tell: nothing, [Symbol.dispose]: nothing };
}

function lineView(board: Board): LiveView {
  const line = (about: string, what: string): void => {
    const text = `${elapsed(board).padStart(6)}  ${about.padEnd(NAME_WIDTH)} ${what}`;
    process.stdout.write(`${cutTo(printable(text), 200)}\n`);
  };
  return {
    phase: (text) => line("", text),
    tell: (about, what) => line(about, what),
    entry: ({ entry }) => {
      const name = nameOf(board, entry.candidateId);
      const where = `${entry.holder.padEnd(6)} ${entry.stage.padEnd(23)} ${entry.reason}`;
      if (name) line(name, `${where.padEnd(50)} ${particularsOf(entry)}`);
    },
    [Symbol.dispose]: () => undefined,
  };
}

function boardView(board: Board): LiveView {
  const draw = createLogUpdate(process.stdout);
  const redraw = (): void => draw(renderBoard(board, process.stdout.columns));
  const timer = setInterval(redraw, REDRAW_MS);
  // Drawing must not keep a dry run alive that has failed.
  timer.unref();
  return {
    phase: (text) => {
      board.phase = text;
      redraw();
    },
    tell: (about, what) => {
      board.told.push(`${elapsed(board).padStart(6)}  ${about}: ${what}`);
      if (board.told.length > MAX_TOLD) board.told.shift();
    },
    entry: (timed) => void board.latest.set(timed.entry.candidateId, timed),
    [Symbol.dispose]: () => {
      clearInterval(timer);
      redraw();
      draw.done();
    },
  };
}

/** The board as text, no line longer than `width`. */
export function renderBoard(board: Board, width: number): string {
  const own = board.stories.filter(({ name }) => name !== "duplicate");
  const lines = own.map((story) => renderStory(story, board, width));
  const told = board.told.map((line) => colors.dim(cutTo(printable(line), width)));
  return [colors.bold(`${board.phase}  ${elapsed(board)}`), "", ...lines, "", ...told].join("\n");
}

function renderStory({ name, candidateId }: Story, board: Board, width: number): string {
  const label = name.padEnd(NAME_WIDTH);
  const timed = board.latest.get(candidateId);
  const total = board.stages.length;
  if (!timed) return `${label} ${colors.dim("▱".repeat(total))}`;
  const { holder, stage, reason } = timed.entry;
  const at = Math.max(0, board.stages.indexOf(stage));
  const done = holder === "closed" ? total : at;
  const bar = `${"▰".repeat(done)}${"▱".repeat(total - done)}`;
  const where = `${holder.padEnd(6)} ${stage.padEnd(23)} ${reason}`;
  const rest = width - NAME_WIDTH - total - 3;
  const text = cutTo(printable(`${where}  ${particularsOf(timed.entry)}`), Math.max(20, rest));
  return `${label} ${paint(holder)(bar)}  ${text}`;
}

function paint(holder: string): (text: string) => string {
  if (holder === "closed") return colors.green;
  return holder === "review" ? colors.magenta : colors.cyan;
}

function nameOf(board: Board, candidateId: string): string | undefined {
  return board.stories.find((story) => story.candidateId === candidateId)?.name;
}

function elapsed({ startedMs }: Board): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)}s`;
}
