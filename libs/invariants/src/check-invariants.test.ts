import { expect, test } from "vitest";

import { checkInvariants } from "./check-invariants.ts";
import { broken, told, withEntry } from "./testing/broken.ts";
import {
  CANDIDATE,
  gateReport,
  LIVE_RAMP,
  orderEvent,
  reading,
  recordOf,
  SPEC,
  type Story,
  tellStory,
  switchEvent,
} from "./testing/story.ts";

const rampChange = {
  remote: "gitops.git",
  commit: "c1",
  by: { kind: "action" as const, name: `${LIVE_RAMP}.L1` },
};

test("a story in which everything is as it should be breaks nothing, and everything was looked at", () => {
  const findings = checkInvariants(recordOf(tellStory()));
  expect(findings.map(({ id, ok, checked }) => ({ id, ok, checked }))).toEqual([
    { id: "J1", ok: true, checked: 8 },
    { id: "J2", ok: true, checked: 4 },
    { id: "J3", ok: true, checked: 3 },
    { id: "J4", ok: true, checked: 1 },
    { id: "J5", ok: true, checked: 1 },
    { id: "J6", ok: true, checked: 4 },
    { id: "J7", ok: true, checked: 1 },
    { id: "J8", ok: true, checked: 1 },
    { id: "J9", ok: true, checked: 5 },
  ]);
});

test.each<[string, string, Story, RegExp]>([
  [
    "J1",
    "an entry that was rewritten after its successor was decided",
    withEntry(4, { prevSha256: "0".repeat(64) }),
    /^JOURNAL 4 .*was decided on another content of the entry before it, 3/,
  ],
  [
    "J1",
    "a first entry that names one before it",
    withEntry(1, { prevSha256: "0".repeat(64) }),
    /^JOURNAL 1 .*was decided on another content/,
  ],
  [
    "J1",
    "an earlier entry that isn't what the candidate was decided on",
    withEntry(7, { basis: { earlier: [1, 3, 6], sha256: "0".repeat(64) } }),
    /^JOURNAL 7 .*rests on 1, 3, 6, which aren't what it was decided on/,
  ],
  [
    "J1",
    "an entry that rests on a later one",
    withEntry(4, { basis: { earlier: [1, 6], sha256: "0".repeat(64) } }),
    /^JOURNAL 4 .*rests on 1, 6, not all of which are earlier entries/,
  ],
  [
    "J2",
    "an entry that no specification counts for",
    withEntry(5, { basis: {} }),
    /^JOURNAL 5 .*has another specification than was submitted/,
  ],
  [
    "J9",
    "a report by a lane that didn't have the work",
    told(({ reports }) => Object.assign(reports[2] ?? {}, { lane: "lane-b" })),
    /^REPORTS 3 .*is from lane-b, but lane-d had the work/,
  ],
  [
    "J9",
    "a change of somebody else's file",
    told(({ changes }) => changes.push({ ...rampChange, paths: ["strategies/cand-other.yaml"] })),
    /^c1 in gitops.git: changed strategies\/cand-other.yaml, which isn't cand-0123456789ab.live-ramp/,
  ],
  [
    "J9",
    "a change that nobody stands for",
    told(({ changes }) => changes.push({ ...rampChange, by: undefined, paths: ["x"] })),
    /and says for nobody/,
  ],
  [
    "J9",
    "a fence that changes something",
    told(({ changes }) =>
      changes.push({
        ...rampChange,
        by: { kind: "fence", name: `${CANDIDATE} 9` },
        paths: [`strategies/${CANDIDATE}.yaml`],
      }),
    ),
    /which isn't cand-0123456789ab 9's to change/,
  ],
  [
    "J9",
    "a build that leaves its candidate's folder",
    told(({ changes }) =>
      changes.push({
        ...rampChange,
        by: { kind: "branch", name: "refs/heads/codex/x-run-0123456789ab" },
        paths: [`strategies/${CANDIDATE}/strategy.ts`, "strategies/shared.ts"],
      }),
    ),
    /changed strategies\/shared.ts/,
  ],
  [
    "J2",
    "another specification in lane A's reading",
    tellStory(
      gateReport(),
      reading({ ...SPEC, promotion: { target: "live", notional: 50_000_000 } }),
    ),
    /^JOURNAL 3 .*counts on research\/candidate-spec.json, whose specification isn't what was submitted/,
  ],
  [
    "J2",
    "a default that wasn't submitted and isn't one",
    tellStory(gateReport(), reading({ ...SPEC, costBps: 0 })),
    /whose specification isn't what was submitted/,
  ],
  [
    "J2",
    "a gate report for another target",
    tellStory(gateReport({ promotionTarget: "live" })),
    /whose promotionTarget isn't what was submitted/,
  ],
  [
    "J2",
    "an entry with another specification",
    withEntry(5, { spec: { ...SPEC, promotion: { target: "live", notional: 1000 } } }),
    /^JOURNAL 5 .*has another specification than was submitted/,
  ],
  ["J1", "a gap in the chain", withEntry(3, { prev: 1 }), /names 1 as the entry before it/],
  ["J1", "a number that is missing", withEntry(8, { n: 9 }), /has number 9, expected 8/],
  [
    "J1",
    "an entry after the end",
    told(({ entries }) => {
      const last = entries.at(-1) ?? {};
      entries.push({ ...last, n: 9, prev: 8 });
    }),
    /follows 8, which closed the candidate/,
  ],
  [
    "J1",
    "something that isn't an entry",
    told(({ entries }) => entries.push({ hello: "world" })),
    /JOURNAL 9: isn't an entry/,
  ],
  ["J2", "a move without the guard", withEntry(3, { guard: null }), /no receipt of the guard/],
  [
    "J2",
    "a receipt for another move",
    withEntry(7, {
      guard: { from: "research-intake", to: "live-ramp", rule: "transition_allowed" },
    }),
    /a receipt for research-intake -> live-ramp, but moves gate-evaluation -> live-ramp/,
  ],
  [
    "J2",
    "a guard that refused",
    withEntry(7, {
      guard: { from: "gate-evaluation", to: "live-ramp", rule: "candidate_mismatch" },
    }),
    /a receipt that says candidate_mismatch/,
  ],
  ["J2", "a move without evidence", withEntry(3, { evidence: null }), /names no artifact/],
  [
    "J2",
    "evidence that was missing",
    withEntry(8, { evidence: { artifacts: { "gates/live-ramp.json": "missing" }, gate: null } }),
    /counts on gates\/live-ramp.json, which was missing/,
  ],
  [
    "J2",
    "a move that rests on no result",
    withEntry(3, { cause: { kind: "deadline" } }),
    /isn't based on a stored result of research-intake/,
  ],
  [
    "J2",
    "an artifact that isn't in the store",
    told(({ objects }) => objects.delete([...objects.keys()][0] ?? "")),
    /research\/candidate-spec.json \([0-9a-f]{12}\), which isn't in the store/,
  ],
  [
    "J2",
    "an artifact whose bytes were changed",
    told(({ objects }) =>
      objects.set([...objects.keys()][0] ?? "", new TextEncoder().encode("[]\n")),
    ),
    /whose stored bytes are others/,
  ],
  [
    "J2",
    "a gate report that says fail",
    tellStory(gateReport({ verdict: "fail" })),
    /a gate report that says fail, not pass/,
  ],
  [
    "J2",
    "a gate that failed under a verdict that says pass",
    tellStory(gateReport({ gates: [{ gateId: "gate1", status: "fail", reasons: [] }] })),
    /a gate report whose gate1 didn't pass/,
  ],
  [
    "J2",
    "a gate report of another run",
    tellStory(gateReport({ runId: "run-other0001" })),
    /a gate report about cand-0123456789ab.gate-evaluation.run-other0001/,
  ],
  [
    "J2",
    "a gate report that is none",
    tellStory("no json"),
    /a gate report that is none: not JSON/,
  ],
  [
    "J2",
    "a gate that nobody read",
    withEntry(7, {
      evidence: { artifacts: { "gates/gate-evaluation.json": "present" }, gate: null },
    }),
    /leaves gate-evaluation without its gate report/,
  ],
  [
    "J2",
    "an approval of other evidence",
    withEntry(7, { approvals: [{ stage: "live-ramp", by: "ben", evidence: "0".repeat(64) }] }),
    /no approval that is bound to its evidence/,
  ],
  [
    "J2",
    "an approval by the author",
    withEntry(7, { author: "ben" }),
    /approved by its own author/,
  ],
  [
    "J3",
    "a second dispatch of a stage run",
    told(({ entries }) => {
      Object.assign(entries[1] ?? {}, { awaits: 0 });
    }),
    /is dispatched by JOURNAL 1 and again by 2/,
  ],
  [
    "J3",
    "a candidate that was taken in twice",
    withEntry(2, { reason: "SUBMITTED" }),
    /was taken in 2 times for 2 submissions/,
  ],
  [
    "J3",
    "a second receipt that isn't the original",
    told((story) => {
      story.receipts = story.receipts.map((one) =>
        one.duplicate ? { ...one, time: "2026-01-02T03:04:06.000Z" } : one,
      );
    }),
    /differs from the original one/,
  ],
  [
    "J3",
    "a duplicate that isn't called one",
    told((story) => {
      story.receipts = story.receipts.map((one) => ({ ...one, duplicate: false }));
    }),
    /doesn't say duplicate to a second one/,
  ],
  [
    "J4",
    "a merge that happened twice",
    told(({ actions }) =>
      actions.push({ remote: "gitops.git", commit: "c2", action: `${LIVE_RAMP}.L1` }),
    ),
    /took effect as c1 and again as c2/,
  ],
  [
    "J4",
    "a merge that nobody asked for",
    told(({ actions }) =>
      actions.push({
        remote: "gitops.git",
        commit: "c2",
        action: `${CANDIDATE}.live-ramp.run-x00001`,
      }),
    ),
    /its stage run was never dispatched/,
  ],
  [
    "J5",
    "a candidate that still moves",
    told(({ entries }) => entries.pop()),
    /still moves: lane-e has it at live-ramp/,
  ],
  [
    "J5",
    "a review without a deadline",
    told(({ entries }) => {
      entries.splice(6);
      Object.assign(entries[5] ?? {}, { deadline: null });
    }),
    /waits at review without a deadline/,
  ],
  [
    "J5",
    "a review that doesn't say what to do",
    told(({ entries }) => {
      entries.splice(6);
      Object.assign(entries[5] ?? {}, { review: null });
    }),
    /without an answer that it takes/,
  ],
  [
    "J5",
    "a candidate that was accepted and lost",
    told((story) => {
      const [first] = story.receipts;
      if (first) story.receipts.push({ ...first, candidateId: "cand-lost00" });
    }),
    /cand-lost00: was accepted, but the journal doesn't know it/,
  ],
  [
    "J6",
    "a retried failure that isn't transient",
    told(({ reports }) => {
      Object.assign(reports[0] ?? {}, { failure: { class: "spec" } });
    }),
    /attempt 1 failed as spec and was to be retried/,
  ],
  [
    "J6",
    "more retries than the policy allows",
    withEntry(1, { rule: { maxRetries: 0 } }),
    /was retried 1 times; the policy allows 0/,
  ],
  [
    "J6",
    "an attempt after a final failure",
    told(({ reports }) => {
      const outcome = { kind: "failed", failure: { class: "deterministic" } };
      Object.assign(reports[1] ?? {}, { outcome, attempt: 1 });
      Object.assign(reports[0] ?? {}, { attempt: 2 });
    }),
    /failed as deterministic and was attempted again/,
  ],
  [
    "J6",
    "a lane that goes on after a final failure by itself",
    withEntry(2, { failure: { class: "policy" } }),
    /goes on after a policy failure, caused by a report/,
  ],
  [
    "J7",
    "a move while on hold",
    told(({ entries }) => {
      Object.assign(entries[5] ?? {}, { cause: { kind: "report", sequence: 3 } });
    }),
    /while on hold, caused by a report/,
  ],
  [
    "J7",
    "an order under an engaged kill switch",
    told(({ broker }) => {
      broker.push(switchEvent(3, "engage", "all"), orderEvent(4, "o-2", 5));
    }),
    /order o-2 of paper was taken while its kill switch was engaged/,
  ],
  [
    "J7",
    "an order under the mesh's hold after a person's switch was released",
    told(({ broker }) => {
      broker.push(switchEvent(3, "engage", "mesh"), switchEvent(4, "engage", "all"));
      broker.push(switchEvent(5, "release", "all"), orderEvent(6, "o-2", 5));
    }),
    /order o-2 of paper was taken while its kill switch was engaged/,
  ],
  [
    "J8",
    "an order that was taken twice",
    told(({ broker }) => {
      broker.push(orderEvent(3, "o-1", 10));
    }),
    /order o-1 of paper was taken already in line 2/,
  ],
])("%s notices %s", (id, _what, story, message) => {
  expect(broken(story)[id]).toMatch(message);
});

test("the same order id in two accounts is two orders", () => {
  const story = told(({ broker }) => {
    broker.push(orderEvent(3, "o-1", 10, "paper-2"));
  });
  expect(broken(story)).toEqual({});
});

test("an engaged kill switch lets orders through that only make a position smaller", () => {
  const engaged = switchEvent(3, "engage", "account");
  const closes = told(({ broker }) => broker.push(engaged, orderEvent(4, "close", -10)));
  expect(broken(closes)).toEqual({});
  const turns = told(({ broker }) => broker.push(engaged, orderEvent(4, "turn", -11)));
  expect(broken(turns)["J7"]).toMatch(/order turn of paper/);
  const other = told(({ broker }) => broker.push(engaged, orderEvent(4, "open", -1, "paper-2")));
  expect(broken(other)).toEqual({});
});

test("a mesh that still runs may have candidates that move", () => {
  const story = told((of) => {
    of.entries.pop();
    of.settled = false;
  });
  expect(broken(story)).toEqual({});
});

test("violations are counted beyond those that are told", () => {
  const story = told(({ broker }) => {
    for (let line = 3; line < 103; line += 1) broker.push(orderEvent(line, "o-1", 10));
  });
  const orders = checkInvariants(recordOf(story)).find(({ id }) => id === "J8");
  expect(orders?.violations).toHaveLength(50);
  expect(orders?.more).toBe(50);
});
