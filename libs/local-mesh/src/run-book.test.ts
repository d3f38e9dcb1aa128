/** Which ends of a service's processes were asked for, and since when the present one runs. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { askForEnd, openRunBook } from "./run-book.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "baton-runs-"));
  mkdirSync(join(root, "run"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();

test("ends are faults unless a person asked for them or the process ended well; it starts, then it is ready", () => {
  const book = openRunBook(root);
  const service = "lane-c";
  const end = (pid: number, exit: { code: number | null; signal: NodeJS.Signals | null }) =>
    book.note({ service, kind: "ended", pid, exit, restartInMs: 0 }, pid * 1000);
  book.note({ service, kind: "started", pid: 1 }, 1000);
  expect(book.of(service)).toEqual({ startedAt: at(1), readyAt: null });
  book.note({ service, kind: "ready", pid: 1 }, 2000);
  expect(book.of(service)).toEqual({ startedAt: at(1), readyAt: at(2) });

  askForEnd(root, service, 3);
  end(3, { code: null, signal: "SIGKILL" });
  end(4, { code: 0, signal: null });
  expect(book.of(service)).toMatchObject({ faults: [], lastEnd: { time: at(4), how: "code 0" } });
  // The word was left for one process, not for the next.
  end(5, { code: null, signal: "SIGKILL" });
  end(6, { code: 70, signal: null });
  expect(book.of(service).faults).toEqual([
    { time: at(5), how: "SIGKILL" },
    { time: at(6), how: "code 70" },
  ]);
  for (let pid = 7; pid < 30; pid += 1) end(pid, { code: 70, signal: null });
  expect(book.of(service).faults).toHaveLength(10);
  expect(book.of("lane-a")).toEqual({});
});
