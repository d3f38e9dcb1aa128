/** Random stories, and the playbooks that they are played over. */
import { FAILURE_CLASSES, LANES } from "@baton/contracts";
import * as fc from "fast-check";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import benchText from "../../../../playbooks/bench.yaml?raw";
import { wildDocument } from "./documents.ts";
import policyText from "./public-policy.yaml?raw";
import type { Step } from "./steps.ts";
import { AUTHOR } from "./story.ts";

/** By what they are called. */
export const PLAYBOOKS = [
  ["the default playbook", parse(batonText)],
  ["the benchmark's", parse(benchText)],
  ["the public policy", parse(policyText)],
  ["one with loops everywhere", wildDocument],
] as const;

const mostly = <const T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { weight: 6 * others.length, arbitrary: fc.constant(usual) },
    ...others.map((one) => fc.constant(one)),
  );
const texts = mostly("fine", "x".repeat(1000), "🙂".repeat(500), "\u001B[2J\u0000");
const about = {
  pick: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(9)),
  lane: mostly(null, ...LANES),
  attempt: fc.integer({ min: 1, max: 9 }),
};

const results = fc.record({
  do: fc.constant("result" as const),
  ...about,
  as: mostly("pass", "fail", "fail", "fail", "inconclusive", ...FAILURE_CLASSES),
  artifacts: mostly("all", "none", "fewer", "twice", "foreign", "other's", "many", "many"),
  evidence: mostly("right", "missing", "altered", "no gate", "gate fails", "other gate"),
  text: texts,
});
const attempts = fc.record({
  do: fc.constant("attempt" as const),
  ...about,
  class: mostly("transient", ...FAILURE_CLASSES),
  waits: fc.boolean(),
});
const workers = fc.record({
  do: fc.constantFrom("no-workers" as const, "workers-back" as const, "service-away" as const),
  pick: about.pick,
  lane: about.lane,
});
const commands = fc.record({
  do: fc.constant("command" as const),
  type: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom("approve", "pause", "resume") },
    { weight: 1, arbitrary: fc.constantFrom("submit", "reject", "send-back", "cancel") },
  ),
  by: fc.constantFrom(AUTHOR, "bob", "eve", "dan"),
  why: texts,
  evidence: mostly("none", "right", "wrong"),
});
const controls = fc.record({
  do: fc.constant("control" as const),
  type: fc.oneof(
    {
      weight: 2,
      arbitrary: fc.constantFrom("release-kill-switch", "close-incident", "close-task"),
    },
    { weight: 1, arbitrary: fc.constantFrom("kill-switch", "incident", "emergency") },
  ),
  by: fc.constantFrom("bob", "eve", "dan"),
  scope: fc.constantFrom("candidate" as const, "lane" as const, "all" as const),
  lane: fc.constantFrom(...LANES),
});
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("onward" as const),
      steps: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 9, arbitrary: results },
  { weight: 2, arbitrary: attempts },
  { weight: 2, arbitrary: workers },
  { weight: 6, arbitrary: commands },
  { weight: 2, arbitrary: controls },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("incident" as const, "lifted" as const) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("again" as const), pick: fc.nat(30) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("tick" as const),
      seconds: fc.constantFrom(0, 60, 4000, 100_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("exhausted" as const),
      pick: about.pick,
      deliveries: fc.integer({ min: 1, max: 30 }),
    }),
  },
);
/** What happens to a candidate, in whatever order. */
export const stories = fc.array(steps, { minLength: 1, maxLength: 60, size: "max" });
