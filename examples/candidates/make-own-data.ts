/** Writes own-data.csv beside this file: made-up daily prices, the same bytes on every run. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const ROWS = 3300;
/** A rise, then a fall, again and again: rows of both and of the rise alone. */
const CYCLE_ROWS = 520;
const RISE_ROWS = 380;
const FIRST_DAY = Date.UTC(2010, 0, 1);
const DAY_MS = 86_400_000;

/** Numbers in [0, 1) from a seed: a linear congruential generator, good enough for an example. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const next = seeded(7);
/** Roughly normal with deviation 1: the sum of twelve uniform draws. */
const noise = () => Array.from({ length: 12 }, next).reduce((sum, value) => sum + value, -6);

const lines = ["date,open,high,low,close,volume"];
let close = 100;
for (let row = 0, day = FIRST_DAY; row < ROWS; day += DAY_MS) {
  const weekday = new Date(day).getUTCDay();
  if (weekday === 0 || weekday === 6) continue;
  const drift = row % CYCLE_ROWS < RISE_ROWS ? 0.0009 : -0.0009;
  const open = close * (1 + noise() * 0.001);
  close = open * (1 + drift + noise() * 0.006);
  const high = Math.max(open, close) * (1 + next() * 0.004);
  const low = Math.min(open, close) * (1 - next() * 0.004);
  const prices = [open, high, low, close].map((price) => price.toFixed(4)).join(",");
  lines.push(`${new Date(day).toISOString().slice(0, 10)},${prices},${100_000 + (row % 97)}`);
  row += 1;
}
writeFileSync(join(import.meta.dirname, "own-data.csv"), `${lines.join("\n")}\n`);
