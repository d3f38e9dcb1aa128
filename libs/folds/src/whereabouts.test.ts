import type { Entry } from "@baton/contracts";
import { sampleEntry } from "@baton/testkit";
import { expect, test } from "vitest";

import { messageOf } from "./fold.ts";
import { whereabouts } from "./whereabouts.ts";

const told = (sequence: number, changes: Partial<Entry>) =>
  messageOf({ sequence, entry: sampleEntry(changes) });

test("what a lane has is awaited since the entry's time, by the sequence of its dispatch", () => {
  const state = whereabouts.apply(whereabouts.empty(), told(5, { holder: "lane-c" }));
  expect(state.get("cand-sample")).toMatchObject({
    n: 1,
    holder: "lane-c",
    awaited: { lane: "lane-c", dispatch: 5, unmanned: null, away: null },
    stoppedUnder: null,
    incidents: [],
    promoted: { visited: [] },
  });
  const again = whereabouts.apply(state, told(6, { n: 2, holder: "lane-c", awaits: 5 }));
  expect(again.get("cand-sample")?.awaited?.dispatch).toBe(5);
});

test("an entry that comes after a later one changes nothing, and of a closed candidate nothing is kept", () => {
  let state = whereabouts.apply(whereabouts.empty(), told(6, { n: 2, holder: "lane-b" }));
  state = whereabouts.apply(state, told(5, { n: 1, holder: "lane-a" }));
  expect(state.get("cand-sample")?.holder).toBe("lane-b");
  state = whereabouts.apply(state, told(7, { n: 3, holder: "closed", awaits: null }));
  expect(state.size).toBe(0);
});

test("what is no entry leaves its candidate where it was; where another release put it, nobody knows here", () => {
  const state = whereabouts.apply(whereabouts.empty(), told(5, {}));
  const forged = { ...told(6, { n: 2, holder: "closed" }), fenced: false, entry: undefined };
  expect(whereabouts.apply(state, forged).get("cand-sample")?.n).toBe(1);
  expect(whereabouts.apply(state, { ...told(7, { n: 2 }), entry: undefined }).size).toBe(0);
});
