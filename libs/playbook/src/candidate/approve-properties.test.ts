/**
 * Random people approve, twice, under other spellings, without the role, on other evidence, too early, after a send-back. A
 * model that knows only names and times says what each approval must lead to. To replay a failure, put the seed and path it
 * prints into `RUNS`.
 */
import { particularsOf } from "@baton/views";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { instantMs } from "../instant.ts";
import { approvalState } from "../policies/approval-state.ts";
import { documentOf } from "../testing/documents.ts";
import { violationsIn, violationsOf } from "../testing/invariants.ts";
import { AUTHOR, begun, loaded, shown, type Story } from "../testing/story.ts";

const RUNS = { seed: 20_260_302, numRuns: 400 };
/** Seconds of computing, more where other work shares the processors. */
const WITHIN_MS = 60_000;

/** People and the spellings under which they turn up. */
const PEOPLE = {
  [AUTHOR]: [AUTHOR, "Ada", "ADA ", " ada"],
  bob: ["bob", "b0b", " BOB"],
  eve: ["eve", "Eve"],
  dan: ["dan"],
  zoe: ["Zoë", "zoë"],
} as const;
type Person = keyof typeof PEOPLE;

interface Rule {
  readonly required: number;
  readonly notAuthor: boolean;
  readonly expiresSeconds: number;
}

type Step =
  | {
      readonly do: "approve";
      readonly who: Person;
      readonly spelling: number;
      readonly role: "risk" | "ops";
      readonly evidence: "none" | "seen" | "other";
    }
  | { readonly do: "wait"; readonly seconds: number }
  | { readonly do: "again" }
  | { readonly do: "send back" };

const people: fc.Arbitrary<Person> = fc.constantFrom(AUTHOR, "bob", "eve", "dan", "zoe");
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("approve" as const),
      who: people,
      spelling: fc.nat(3),
      role: fc.constantFrom("risk" as const, "risk" as const, "risk" as const, "ops" as const),
      evidence: fc.constantFrom(
        "none" as const,
        "seen" as const,
        "seen" as const,
        "other" as const,
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      seconds: fc.constantFrom(5, 50, 100, 1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("again" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("send back" as const) }) },
);
const rules: fc.Arbitrary<Rule> = fc.record({
  required: fc.integer({ min: 1, max: 4 }),
  notAuthor: fc.boolean(),
  expiresSeconds: fc.constantFrom(10, 120, 86_400),
});

/** Asks for approvals of `b`, as often as it is sent back. */
function asking(rule: Rule): Story {
  const playbook = loaded(
    documentOf(
      { a: ["b"], b: [] },
      { b: { approvals: { ...rule, roles: ["risk"] } } },
      { limits: { maxIterations: 100 } },
    ),
  );
  const story = begun(playbook);
  story.result();
  return story;
}

/** A known person approves what is asked about. */
const approvedBy = (story: Story, by: string) => {
  const evidence = story.entry().review?.evidence ?? "";
  return story.command("approve", { by, roles: ["risk"], evidence });
};

/** Who approved the open question, and when in milliseconds. */
type Model = Map<Person, number>;

function expected(rule: Rule, model: Model, step: Step & { do: "approve" }, now: number): string {
  if (step.role !== "risk") return "E_DENIED";
  if (step.evidence === "none") return "E_INVALID";
  if (step.evidence === "other") return "E_CONFLICT";
  if (rule.notAuthor && step.who === AUTHOR) return "E_DENIED";
  const alive = [...model].filter(([, at]) => now < at + rule.expiresSeconds * 1000);
  if (alive.some(([who]) => who === step.who)) return "E_CONFLICT";
  return alive.length + 1 < rule.required ? "APPROVAL_REQUIRED review" : "APPROVED lane-a";
}

/** Plays the steps; each approval gives what came of it and what had to. */
function play(story: Story, rule: Rule, all: readonly Step[]): { got: string; wanted: string }[] {
  const model: Model = new Map();
  const outcomes: { got: string; wanted: string }[] = [];
  for (const step of all) {
    if (story.entry().reason !== "APPROVAL_REQUIRED") break;
    switch (step.do) {
      case "wait":
        story.wait(step.seconds);
        break;
      case "again": {
        const { question } = story.told.at(-1) ?? {};
        if (question?.happening.kind === "command") story.ask(question.happening);
        break;
      }
      case "send back":
        story.command("send-back", { by: "bob" });
        story.result();
        model.clear();
        break;
      case "approve": {
        const names = PEOPLE[step.who];
        const by = names[step.spelling % names.length] ?? step.who;
        const seen = story.entry().review?.evidence ?? "";
        const evidence = {
          none: {},
          seen: { evidence: seen },
          other: { evidence: "0".repeat(64) },
        };
        const decision = story.command("approve", {
          by,
          roles: [step.role],
          ...evidence[step.evidence],
        });
        const now = instantMs(story.now);
        outcomes.push({ got: shown(decision), wanted: expected(rule, model, step, now) });
        if (decision.kind === "append") model.set(step.who, now);
      }
    }
  }
  return outcomes;
}

test(
  "an approval counts once per person, on what was seen, in its time, by whoever may",
  () => {
    fc.assert(
      fc.property(rules, fc.array(steps, { maxLength: 40, size: "max" }), (rule, all) => {
        const story = asking(rule);
        for (const { got, wanted } of play(story, rule, all)) expect(got).toBe(wanted);
        const { approvals, reason } = story.entry();
        const used = approvals.filter((one) => one.used === true);
        expect(used).toHaveLength(reason === "APPROVED" ? rule.required : 0);
        expect(story.told.flatMap(violationsOf)).toEqual([]);
        expect(violationsIn(story)).toEqual([]);
      }),
      RUNS,
    );
  },
  WITHIN_MS,
);

test("each approval's state says whether it counts, and why not", () => {
  const story = asking({ required: 3, notAuthor: true, expiresSeconds: 100 });
  const states = () =>
    story.entry().approvals.map((one) => approvalState(one, story.entry(), story.now));
  const by = (name: string) => shown(approvedBy(story, name));
  by("bob");
  story.wait(60);
  by("eve");
  expect(states()).toEqual(["counts", "counts"]);
  story.wait(40);
  expect(states()).toEqual(["expired", "counts"]);
  expect(by("dan")).toBe("APPROVAL_REQUIRED review");
  expect(particularsOf(story.entry())).toMatch(
    /1 more needed for b\. No longer counted, expired: bob \(/,
  );
  story.command("send-back");
  expect(states()).toEqual(["void", "void", "void"]);
  story.result();
  expect(particularsOf(story.entry())).toContain(
    "Void, since given for an earlier question: bob, eve, dan.",
  );
  for (const name of ["bob", "eve", "dan"]) by(name);
  expect(story.entry().reason).toBe("APPROVED");
  expect(states()).toEqual(["void", "void", "void", "used", "used", "used"]);
});

test("at the very moment it expires it no longer counts", () => {
  const at = (seconds: number): string => {
    const story = asking({ required: 2, notAuthor: true, expiresSeconds: 100 });
    approvedBy(story, "bob");
    // Asking takes another second.
    story.wait(seconds - 1);
    return shown(approvedBy(story, "eve"));
  };
  expect([at(99), at(100)]).toEqual(["APPROVED lane-a", "APPROVAL_REQUIRED review"]);
});

test("waiting for people uses up no attempt, however long", () => {
  const story = asking({ required: 1, notAuthor: true, expiresSeconds: 100 });
  const { attempt, failures } = story.entry();
  story.wait(1_000_000);
  story.deadline();
  story.exhausted();
  expect(story.entry()).toMatchObject({ reason: "APPROVAL_REQUIRED", attempt, failures });
  approvedBy(story, "bob");
  expect(story.entry()).toMatchObject({ reason: "APPROVED", attempt: 0, failures: {} });
});
