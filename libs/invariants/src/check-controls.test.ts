/** What the mesh's controls stop: J7, and J2 for what an incident leads to recovery. */
import { expect, test } from "vitest";

import { broken, told } from "./testing/broken.ts";
import { CANDIDATE, controlState, orderEvent, type Story } from "./testing/story.ts";

const ENGAGED = { killSwitch: { releases: [] } };
/** Two people released the kill switch in state `n`. */
const released = (n: number, at: number) => [
  controlState(n, at, { killSwitch: { releases: [{ by: "ann" }] } }),
  controlState(n + 1, at + 0.01, { cause: { kind: "command", by: "ben" } }),
];

function underControls(...controls: Story["controls"]): Story {
  return told((story) => void story.controls.push(...controls));
}

/** The story with an incident, inc-1, that leads its candidate from live-ramp to recovery instead of to its end. */
function recovering(
  story: Story,
  scope: Record<string, unknown> = { kind: "candidate", candidateId: CANDIDATE },
): void {
  story.controls.push(controlState(1, 7.5, { incidents: [{ id: "inc-1", scope }] }));
  story.entries[7] = {
    ...story.entries[6],
    n: 8,
    prev: 7,
    stage: "incident-recovery",
    holder: "lane-f",
    reason: "INCIDENT",
    cause: { kind: "incident", incidentId: "inc-1" },
    incident: { id: "inc-1" },
    controls: 1,
    guard: { from: "live-ramp", to: "incident-recovery", rule: "transition_allowed" },
    evidence: null,
  };
  story.settled = false;
}

test.each<[string, string, Story, RegExp]>([
  [
    "J7",
    "a promotion more than a second after the kill switch was engaged",
    underControls(controlState(1, 6.8, ENGAGED)),
    /JOURNAL 7 .* is handed to lane-e for live-ramp although for more than a second the kill switch is engaged/,
  ],
  [
    "J7",
    "a promotion that was decided under an engaged kill switch",
    told((story) => {
      story.controls.push(controlState(1, 6.95, ENGAGED));
      Object.assign(story.entries[6] ?? {}, { controls: 1 });
    }),
    /JOURNAL 7 .* although under CONTROLS 1 the kill switch is engaged/,
  ],
  [
    "J7",
    "a promotion while Git lacks a change",
    underControls(controlState(1, 6.5, { tasks: [{}] })),
    /JOURNAL 7 .* a change isn't in Git yet/,
  ],
  [
    "J7",
    "an order more than a second after the mesh's kill switch was engaged",
    told(({ controls, broker }) => {
      controls.push(controlState(1, 2.8, ENGAGED), ...released(2, 6));
      broker.push(orderEvent(3, "o-2", 5));
    }),
    /line 3 .* order o-2 of paper was taken while the mesh's kill switch was engaged/,
  ],
  [
    "J7",
    "a release by one person under two spellings",
    underControls(
      controlState(1, 4, { killSwitch: { releases: [{ by: "ann" }] } }),
      controlState(2, 5, { cause: { kind: "command", by: " Ann" } }),
    ),
    /CONTROLS 2: releases the kill switch by fewer than two people: ann, {2}Ann/,
  ],
  [
    "J7",
    "a release by one person under a look-alike name",
    underControls(
      controlState(1, 4, { killSwitch: { releases: [{ by: "bob" }] } }),
      controlState(2, 5, { cause: { kind: "command", by: "b0\u0432" } }),
    ),
    /CONTROLS 2: releases the kill switch by fewer than two people: bob, b0/,
  ],
  [
    "J7",
    "a release that time made",
    underControls(
      controlState(1, 4, { killSwitch: { releases: [{ by: "ann" }, { by: "ben" }] } }),
      controlState(2, 5, { cause: { kind: "expired" } }),
    ),
    /CONTROLS 2: releases the kill switch by fewer than two people/,
  ],
  [
    "J7",
    "a gap in the controls",
    underControls(controlState(1, 4), controlState(2, 5, { prev: 0 })),
    /CONTROLS 2: doesn't follow CONTROLS 1/,
  ],
  ...(
    [
      ["the candidate", { kind: "candidate", candidateId: CANDIDATE }],
      ["the lane", { kind: "lane", lane: "lane-d" }],
      ["everything", { kind: "all" }],
    ] as const
  ).map(([what, scope]): [string, string, Story, RegExp] => [
    "J7",
    `a dispatch while an incident freezes ${what}`,
    underControls(controlState(1, 2.5, { incidents: [{ id: "inc-1", scope }] })),
    /JOURNAL 3 .* for gate-evaluation although for more than a second inc-1 freezes it/,
  ]),
  [
    "J7",
    "an incident that leads a candidate to recovery twice",
    told((story) => {
      recovering(story);
      const last = story.entries.at(-1) ?? {};
      story.entries.push({ ...last, n: 9, prev: 8, runId: "run-again0001" });
    }),
    /JOURNAL 9 .* is led to recovery by inc-1 a second time, after JOURNAL 8/,
  ],
  [
    "J2",
    "a move to recovery by an incident that isn't open",
    told((story) => {
      recovering(story);
      story.controls = [controlState(1, 7.5)];
    }),
    /recovers from inc-1, which isn't open in CONTROLS 1/,
  ],
  [
    "J2",
    "a move to recovery by another candidate's incident",
    told((story) => recovering(story, { kind: "candidate", candidateId: "cand-another" })),
    /recovers from inc-1, which is about cand-another/,
  ],
  [
    "J2",
    "an incident that leads elsewhere",
    told((story) => {
      recovering(story);
      const guard = { from: "live-ramp", to: "live-ramp", rule: "transition_allowed" };
      Object.assign(story.entries[7] ?? {}, { stage: "live-ramp", guard });
    }),
    /goes to live-ramp by an incident, not to incident-recovery/,
  ],
])("%s notices %s", (id, _what, story, message) => {
  expect(broken(story)[id]).toMatch(message);
});

test.each<[string, Story]>([
  ["stops nothing in its first second", underControls(controlState(1, 6.95, ENGAGED))],
  [
    "stops nothing once two people have released it",
    underControls(controlState(1, 4, ENGAGED), ...released(2, 6.9)),
  ],
  [
    "lets closes pass",
    told(({ controls, broker }) => {
      controls.push(controlState(1, 2.5, ENGAGED), ...released(2, 6));
      broker.push(orderEvent(3, "close", -10));
    }),
  ],
])("the mesh's kill switch %s", (_, story) => {
  expect(broken(story)).toEqual({});
});

test("an incident freezes nothing of others, and leads its candidate to recovery, at once or once it's approved", () => {
  const elsewhere = [
    { id: "inc-2", scope: { kind: "lane", lane: "lane-b" } },
    { id: "inc-3", scope: { kind: "candidate", candidateId: "cand-another" } },
  ];
  expect(broken(underControls(controlState(1, 0, { incidents: elsewhere })))).toEqual({});
  expect(broken(told((story) => recovering(story)))).toEqual({});
  const held = told((story) => {
    recovering(story);
    Object.assign(story.entries[6] ?? {}, { hold: { by: "ann" } });
  });
  expect(broken(held)).toEqual({});
  const approved = told((story) => {
    recovering(story);
    const [entry = {}] = story.entries.splice(7);
    const asked = { holder: "review", reason: "APPROVAL_REQUIRED", stage: "live-ramp" };
    story.entries.push(
      { ...entry, ...asked, awaits: null, review: { answers: [{}] } },
      { ...entry, n: 9, prev: 8, reason: "APPROVED", cause: { kind: "command", type: "approve" } },
    );
  });
  expect(broken(approved)["J2"]).toBe(
    "JOURNAL 9 (cand-0123456789ab, incident-recovery): has no approval that is bound to its evidence",
  );
});

test("an incident may follow the end of a candidate: what it promoted may still run", () => {
  const story = told((of) => {
    const [end = {}] = of.entries.slice(7);
    recovering(of);
    const [incident = {}] = of.entries.splice(7);
    of.entries.push(end, { ...incident, n: 9, prev: 8, runId: "run-again0001" });
  });
  expect(broken(story)).toEqual({});
});
