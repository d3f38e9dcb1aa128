/** What holds for every fold, over random histories. */
import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { Fold, JournalMessage, Packed } from "./fold.ts";
import { standings } from "./standings.ts";
import { histories } from "./testing/histories.ts";
import { whereabouts } from "./whereabouts.ts";
import { work } from "./work.ts";

/** A fold whose kind of state nobody needs to know. */
interface AnyFold {
  readonly name: string;
  readonly needs: "last" | "every";
  /** What is packed after some messages, kept, unpacked, and folded on. */
  packed(before: readonly JournalMessage[], after: readonly JournalMessage[]): Packed;
  isUnpacked(packed: unknown): boolean;
}

function anyFold<State>(fold: Fold<State>): AnyFold {
  const folded = (state: State, messages: readonly JournalMessage[]): State =>
    messages.reduce((known, message) => fold.apply(known, message), state);
  return {
    name: fold.name,
    needs: fold.needs,
    packed: (before, after) => {
      const kept: unknown = JSON.parse(JSON.stringify(fold.pack(folded(fold.empty(), before))));
      const state = fold.unpack(kept);
      if (state === undefined) throw new Error("what was packed isn't unpacked");
      return fold.pack(folded(state, after));
    },
    isUnpacked: (packed) => fold.unpack(packed) !== undefined,
  };
}

const FOLDS = [anyFold(whereabouts), anyFold(standings), anyFold(work)];

test.each(FOLDS)("$name goes on from what was packed as if nothing had happened", (fold) => {
  fc.assert(
    fc.property(histories, fc.nat(40), (messages, cut) => {
      const whole = fold.packed([], messages);
      expect(fold.packed(messages.slice(0, cut), messages.slice(cut))).toEqual(whole);
      expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
    }),
  );
});

test.each(FOLDS)("$name unpacks nothing that it didn't pack", (fold) => {
  expect(fold.isUnpacked(undefined)).toBe(false);
  const others = fc.oneof(fc.string(), fc.integer(), fc.array(fc.integer(), { minLength: 1 }));
  fc.assert(
    fc.property(others, (packed) => {
      expect(fold.isUnpacked(packed)).toBe(false);
    }),
  );
});

test.each(FOLDS.filter(({ needs }) => needs === "last"))(
  "$name follows from each candidate's last entry alone",
  (fold) => {
    fc.assert(
      fc.property(histories, (messages) => {
        const told = messages.filter(({ fenced, entry }) => fenced || entry);
        const last = new Map(told.map((one) => [one.at?.candidateId, one]));
        expect(sorted(fold.packed([], [...last.values()]))).toEqual(
          sorted(fold.packed([], messages)),
        );
      }),
    );
  },
);

/** Which candidate was heard of first plays no part. */
function sorted(packed: Packed): string[] {
  return Array.isArray(packed) ? packed.map((one) => JSON.stringify(one)).toSorted() : [];
}
