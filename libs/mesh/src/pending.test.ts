import * as fc from "fast-check";
import { expect, test } from "vitest";

import { Pending } from "./pending.ts";

test("what waits is handed out once, and never under a number that another had", () => {
  const steps = fc.array(fc.oneof(fc.constant("add" as const), fc.nat({ max: 30 })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (taken) => {
      const pending = new Pending<{ readonly of: number }>();
      const model = new Map<number, { readonly of: number }>();
      const ever: number[] = [];
      const outcomes: { readonly is: unknown; readonly should: unknown }[] = [];
      for (const step of taken) {
        if (step === "add") {
          const value = { of: ever.length };
          const number = pending.add(value);
          outcomes.push({ is: ever.includes(number), should: false });
          model.set(number, value);
          ever.push(number);
        } else {
          const number = ever[step % Math.max(1, ever.length)] ?? 0;
          outcomes.push({ is: pending.take(number), should: model.get(number) });
          model.delete(number);
        }
      }
      for (const { is, should } of outcomes) expect(is).toBe(should);
      const even = ({ of }: { readonly of: number }): boolean => of % 2 === 0;
      const expected = [...model.values()].filter(even);
      expect(new Set(pending.takeWhere(even))).toEqual(new Set(expected));
      expect(pending.takeWhere(even)).toEqual([]);
      for (const [number, value] of model)
        expect(pending.take(number)).toBe(even(value) ? undefined : value);
    }),
  );
});

test.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, 2 ** 60])(
  "nothing waits under %d",
  (number) => {
    const pending = new Pending<string>();
    pending.add("something");
    expect(pending.take(number)).toBeUndefined();
  },
);
