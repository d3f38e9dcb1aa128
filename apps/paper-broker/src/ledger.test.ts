import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { BookEvent } from "./book-event.ts";
import { lockDirectory } from "./directory-lock.ts";
import { openLedger } from "./ledger.ts";
import { order } from "./testing/order.ts";

let directory = "";
let path = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ledger-"));
  path = join(directory, "ledger.jsonl");
});
afterEach(() => rmSync(directory, { recursive: true }));

const event = (n: number): BookEvent => ({
  type: "order",
  at: "2026-01-05T12:00:00.000Z",
  account: "paper",
  id: `id-${n}`,
  order: order({ client_order_id: `order-${n}` }),
});

async function write(from: number, to: number): Promise<void> {
  const { ledger } = await openLedger(path, () => {});
  for (let n = from; n <= to; n += 1) ledger.append(event(n));
  await ledger.flushed();
  await ledger.close();
}

async function read(): Promise<{ events: BookEvent[]; torn: unknown }> {
  const events: BookEvent[] = [];
  const { ledger, torn } = await openLedger(path, (each) => void events.push(each));
  await ledger.close();
  return { events, torn };
}

test("what was appended comes back in order, over several openings", async () => {
  await write(1, 3);
  await write(4, 5);
  expect(await read()).toEqual({ events: [1, 2, 3, 4, 5].map(event), torn: null });
});

test("a torn end of any length is cut off, kept beside the file and said", async () => {
  await write(1, 2);
  const whole = readFileSync(path);
  await write(3, 3);
  const longer = readFileSync(path);
  for (const length of [1, 20, longer.length - whole.length - 1]) {
    writeFileSync(path, longer.subarray(0, whole.length + length));
    const { events, torn } = await read();
    expect(events).toEqual([1, 2].map(event));
    const keptAs = `${path}.torn-at-${whole.length}`;
    expect(torn).toEqual({ bytes: length, keptAs });
    expect(readFileSync(keptAs)).toEqual(longer.subarray(whole.length, whole.length + length));
    expect(readFileSync(path)).toEqual(whole);
  }
  await write(3, 3);
  expect((await read()).events).toEqual([1, 2, 3].map(event));
});

test("a changed byte before the end is refused with its line, whichever byte it is", async () => {
  await write(1, 2);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length - 1; at += 1) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(path, changed);
    await expect(read()).rejects.toThrow(/^line [123] of .*ledger\.jsonl/);
    expect(readFileSync(path)).toEqual(changed);
  }
});

test("a missing or doubled line is refused", async () => {
  await write(1, 3);
  const lines = readFileSync(path, "utf8").split("\n");
  for (const kept of [
    [0, 1, 3],
    [1, 2, 3],
    [0, 1, 2, 2, 3],
    [0, 2, 1, 3],
  ]) {
    writeFileSync(path, kept.map((n) => `${lines[n]}\n`).join(""));
    await expect(read()).rejects.toMatchObject({ code: "E_LEDGER_CORRUPT" });
  }
});

test("a directory has one holder; a lock whose process is gone is taken over", () => {
  const lock = join(directory, "broker.lock");
  writeFileSync(lock, "999999999 1");
  const unlock = lockDirectory(directory);
  const mine = readFileSync(lock, "utf8");
  expect(mine).toMatch(new RegExp(`^${process.pid} `));
  unlock();
  expect(readdirSync(directory)).toEqual([]);
  // The parent process is another one that lives, under its own start time.
  const stat = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
  const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  writeFileSync(lock, `${process.ppid} ${started}`);
  expect(() => lockDirectory(directory)).toThrow(`pid ${process.ppid}`);
  writeFileSync(lock, `${process.ppid} 1`);
  lockDirectory(directory)();
});
