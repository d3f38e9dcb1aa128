import { array, assert, asyncProperty, boolean, double, integer, record } from "fast-check";
import { expect, test } from "vitest";

import { amountOf, type Budget, costOf, decide, NO_USAGE, plus, type Wish } from "./budget.ts";
import { sumOf } from "./call-fact.ts";
import { type Held, openLedger } from "./ledger.ts";
import { budget, PRICE } from "./testing/world.ts";

const wish = (input: number, output: number): Wish => ({
  price: PRICE,
  input: { likely: input, atMost: input * 4 },
  output,
});

test.each<[string, Budget[], Wish, object]>([
  ["nothing is bounded", [], wish(100, 5000), { kind: "allow", output: 5000 }],
  ["all fits", [budget({ tokens: 100_000 })], wish(100, 5000), { kind: "allow", output: 5000 }],
  [
    "the output is capped to the tokens that are left",
    [budget({ tokens: 10_000 }, { spent: { tokens: 4000 } })],
    wish(1000, 8000),
    { kind: "allow", output: 5000 },
  ],
  [
    "the output is capped to the money that is left, input first",
    [budget({ micros: 9000 })],
    wish(1000, 8000),
    { kind: "allow", output: 4000 },
  ],
  [
    "the tightest of several counts",
    [budget({ tokens: 100_000 }), budget({ tokens: 4000 }, { scope: "candidate" })],
    wish(1000, 8000),
    { kind: "allow", output: 3000 },
  ],
  [
    "too little is left to be worth the input",
    [budget({ tokens: 3000 })],
    wish(1000, 8000),
    { kind: "refuse", because: { scope: "attempt", measure: "tokens", limit: 3000, spent: 0 } },
  ],
  [
    "a small call gets what it asks for",
    [budget({ tokens: 1100 })],
    wish(1000, 100),
    { kind: "allow", output: 100 },
  ],
  [
    "money is spent",
    [budget({ micros: 50 }, { scope: "stage-run", spent: { micros: 50 } })],
    wish(1, 1),
    { kind: "refuse", because: { scope: "stage-run", measure: "micros", limit: 50, spent: 50 } },
  ],
  [
    "all calls were made",
    [budget({ calls: 3 }, { spent: { calls: 3 } })],
    wish(1, 1),
    { kind: "refuse", because: { scope: "attempt", measure: "calls", limit: 3, spent: 3 } },
  ],
])("%s", (_what, budgets, asked, decision) => {
  expect(decide(budgets, [], asked)).toMatchObject(decision);
});

test("beside another call one is made only if all that both may take fits", () => {
  const budgets = [budget({ tokens: 20_000 })];
  const held = [{ tokens: 9000, micros: 0, calls: 1 }];
  expect(decide(budgets, held, wish(1000, 7000)).kind).toBe("allow");
  expect(decide(budgets, held, wish(1000, 7001)).kind).toBe("wait");
  const spent = [budget({ tokens: 20_000 }, { spent: { tokens: 20_000 } })];
  expect(decide(spent, held, wish(1, 1)).kind).toBe("refuse");
});

test("tokens of each class have their price, rounded up to a millionth in all", () => {
  const usage = { input: 10, cachedInput: 3, cacheWrite: 2, output: 5 };
  expect(costOf(usage, PRICE)).toBe(Math.ceil(10 + 0.3 + 2 + 10));
  expect(costOf(usage, { ...PRICE, cacheWrite: 1.25 })).toBe(Math.ceil(10 + 0.3 + 2.5 + 10));
  expect(costOf({ ...NO_USAGE, input: 3 }, { input: 0.1, cachedInput: 0, output: 0 })).toBe(1);
  expect(costOf({ ...NO_USAGE, cachedInput: 30 }, PRICE)).toBe(3);
});

test("calls that never ended count with all they may have taken", () => {
  const about = { at: "", dialect: "messages", model: "m" } as const;
  const begun = { kind: "begun", ...about, holds: { tokens: 900, micros: 90, calls: 1 } } as const;
  const usage = { ...NO_USAGE, input: 5, output: 2 };
  const ended = {
    ...about,
    kind: "ended",
    end: "answered",
    ms: 1,
    counted: "told",
    usage,
    micros: 9,
  } as const;
  const facts = [
    { ...begun, id: "1" },
    { ...begun, id: "2" },
    { ...ended, id: "1" },
  ];
  expect(sumOf(facts)).toEqual({ tokens: 907, micros: 99, calls: 2 });
});

/** Calls that come and end in any order; what each took is anything up to what it may. */
const Steps = array(
  record({
    input: integer({ min: 1, max: 3000 }),
    output: integer({ min: 1, max: 20_000 }),
    ends: boolean(),
    share: double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 60 },
);

test("G2: whatever calls come and end when, a budget is overrun by no more than one call's input", async () => {
  await assert(
    asyncProperty(Steps, integer({ min: 1, max: 60_000 }), async (steps, tokens) => {
      const ledger = openLedger([budget({ tokens })]);
      const over = new AbortController();
      const open: ((share: number) => void)[] = [];
      let largest = 0;
      for (const { input, output, ends, share } of steps) {
        if (ends) open.shift()?.(share);
        const wanted = wish(input, output);
        const settles = (answer: Held) => (part: number) => {
          const most = Math.ceil(wanted.input.atMost * part);
          answer.settle(amountOf({ ...NO_USAGE, input: most, output: answer.output }, PRICE));
        };
        void ledger
          .hold(wanted, over.signal)
          .then((answer) => {
            if ("kind" in answer) return 0;
            largest = Math.max(largest, wanted.input.atMost);
            return open.push(settles(answer));
          })
          .catch(() => 0);
        await new Promise(setImmediate);
      }
      while (open.length > 0) {
        open.shift()?.(1);
        await new Promise(setImmediate);
      }
      over.abort();
      expect(ledger.spent().tokens).toBeLessThanOrEqual(tokens + largest);
    }),
    { numRuns: 200 },
  );
});

test("amounts add up by measure", () => {
  const one = { tokens: 1, micros: 2, calls: 3 };
  expect(plus(one, one)).toEqual({ tokens: 2, micros: 4, calls: 6 });
});
