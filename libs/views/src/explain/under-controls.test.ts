import type { Entry, StoppedBy } from "@baton/contracts";
import {
  emergency,
  incidentOf,
  keptResult,
  lastOf,
  instant,
  START_MS,
  stored,
} from "@baton/testkit";
import { describe, expect, test } from "vitest";

import { explanationOf } from "./explanation.ts";
import { needsControls, underControls } from "./under-controls.ts";

const now = START_MS + 90_000;
const kept = keptResult();
const since = { since: instant(0), by: "ada", why: "bad" };
const stop = (reason: Entry["reason"], by: StoppedBy) =>
  stored(5, 0, {
    holder: "review",
    awaits: null,
    kept,
    reason,
    about: { kind: "stopped", stage: "bench-2", by },
  });

function explained(
  last: ReturnType<typeof stored>,
  controls: Parameters<typeof incidentOf>[0] | undefined,
) {
  expect(needsControls(last.entry)).toBe(true);
  return underControls(explanationOf(last, undefined, now), last.entry, {
    controls: controls?.controls,
    now,
  });
}

const OVER =
  "Nothing: that is over and it goes on by itself in a moment. If it doesn't, `baton doctor`.";
const engage = { wish: { type: "kill-switch" } } as const;
const open = { wish: { type: "incident", class: "A", scope: { kind: "all" } } } as const;

describe("stopped by the kill switch", () => {
  const last = stop("KILL_SWITCH", { kind: "kill-switch", ...since });

  test("the sentence says who engaged it, the action who must release it", () => {
    const { sentence, action } = explained(last, lastOf(engage));
    expect(sentence).toContain("(KILL_SWITCH): bench-2 waits: the kill switch is engaged");
    expect(action).toContain("by two people within an hour");
  });

  test("after one person asked for the release, the action names whom it takes", () => {
    const asked = lastOf(engage, { wish: { type: "release-kill-switch" }, by: "ben" });
    expect(explained(last, asked).action).toContain(
      "by a second person than ben, before 2026-03-01T13:00:01.000Z",
    );
  });

  test("when it's released there is nothing to do", () => {
    const released = lastOf(
      engage,
      { wish: { type: "release-kill-switch" }, by: "ben" },
      { wish: { type: "release-kill-switch" }, by: "eve" },
    );
    expect(explained(last, released).action).toBe(OVER);
    expect(explained(last, undefined).action).toBe(OVER);
  });
});

test("frozen: the action closes the incident that the entry names, not another one", () => {
  const both = lastOf(open, { ...open, why: "another" });
  const [, second] = both.controls.incidents;
  const last = stop("FROZEN", { kind: "incident", id: second?.id ?? "", ...since });
  expect(explained(last, both).action).toContain(`\`baton incident close ${second?.id} --why …\``);
  expect(explained(last, lastOf(open)).action).toBe(OVER);
});

test("blocked by a change that Git doesn't have: the action closes its task", () => {
  const declared = lastOf(open, emergency(60));
  const [task] = declared.controls.tasks;
  const last = stop("PROMOTION_BLOCKED", {
    kind: "task",
    id: task?.id ?? "",
    ticket: "OPS-1",
    scope: "cand-sample",
  });
  const { action } = explained(last, declared);
  expect(action).toContain("Bring OPS-1's change of cand-sample to Git");
  expect(action).toContain(`\`baton close-task ${task?.id} --commit SHA --why …\``);
});

test("led to recovery by a person: the sentence tells the incident, the action how it ends", () => {
  const controls = lastOf(open);
  const id = incidentOf(controls);
  const last = stored(5, 0, {
    reason: "INCIDENT",
    about: { kind: "incident", left: {} },
    cause: { kind: "incident", incidentId: id, class: "A", by: "ada", why: "stale prices" },
    incident: { id, class: "A", ticket: null, before: [] },
  });
  const { sentence, action } = explained(last, controls);
  expect(sentence).toContain(`Incident ${id} of class A opened by ada: stale prices.`);
  expect(action).toContain(`\`baton incident close ${id} --why …\``);
  expect(explained(last, undefined).action).toBe(explanationOf(last, undefined, now).action);
});

test("what no control concerns is left as it is", () => {
  const last = stored(5, 0);
  expect(needsControls(last.entry)).toBe(false);
  const said = explanationOf(last, undefined, now);
  expect(underControls(said, last.entry, { controls: lastOf(engage).controls, now })).toBe(said);
});
