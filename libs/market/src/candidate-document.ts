/** What a specification says, or every wrong place of it: the same for whoever submits it and for the lane that takes it. */
import { CandidateSpec } from "@baton/artifacts";
import type { WalkForwardLimits } from "@baton/contracts";
import { z } from "zod";

import { BUILT_INS } from "./built-in-market-data.ts";
import { type SpecProblem, valueAt } from "./spec-problems.ts";
import { trialProblems } from "./trial-problems.ts";
import { windowProblems } from "./windows.ts";

type Issue = z.core.$ZodIssue;

const Described = z.object({
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
});
const described: unknown = z.toJSONSchema(CandidateSpec, { io: "input", unrepresentable: "any" });

/** The keys that the schema knows at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  const at = path.reduce((schema: unknown, key) => {
    const { properties = {}, items } = Described.catch({}).parse(schema);
    return typeof key === "number" ? items : properties[String(key)];
  }, described);
  return Object.keys(Described.catch({}).parse(at).properties ?? {});
}

function problemsOf(issue: Issue, document: unknown): SpecProblem[] {
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(issue.path).join(", ");
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { path, value: valueAt(document, path), rule: `unknown key; known here: ${known}` };
    });
  }
  const value = valueAt(document, issue.path);
  return [{ path: issue.path, value, rule: `${inWords(issue)}${takenFor(issue, value)}` }];
}

/** Without what came instead, which stands before it anyway. */
function inWords({ message }: Issue): string {
  return message.replace(/^Invalid input: /, "").replace(/, received \w+$/, "");
}

/** Where a text is wanted, YAML may have read something else: a ticker of digits, a name such as 1e5 or true. */
function takenFor(issue: Issue, value: unknown): string {
  if (issue.code !== "invalid_type" || issue.expected !== "string") return "";
  if (typeof value !== "number" && typeof value !== "boolean") return "";
  return `; without quotes YAML reads it as a ${typeof value}: write the text as it is meant in quotes`;
}

/** Instruments that are named twice, or that are neither built in nor brought as CSV. */
function instrumentProblems(universe: CandidateSpec["universe"]): SpecProblem[] {
  const names = universe.map(({ instrument }) => instrument);
  return universe.flatMap(({ instrument, csv }, index): SpecProblem[] => {
    const path = ["universe", index, "instrument"];
    if (names.indexOf(instrument) !== index)
      return [{ path, value: instrument, rule: "each instrument only once" }];
    if (csv !== undefined || Object.hasOwn(BUILT_INS, instrument)) return [];
    const rule = `neither built in (${Object.keys(BUILT_INS).join(", ")}) nor given as csv`;
    return [{ path, value: instrument, rule }];
  });
}

/**
 * The specification with its defaults filled in, or every wrong place: shape, instruments, plugin, parameters and windows. A
 * part that has the right shape is looked at also where another part hasn't.
 */
export function readCandidate(
  document: unknown,
  limits: WalkForwardLimits,
):
  | { readonly spec: CandidateSpec; readonly problems?: undefined }
  | { readonly problems: readonly SpecProblem[] } {
  const parsed = CandidateSpec.safeParse(document);
  const { universe, strategy, walkForward } = CandidateSpec.shape;
  const instruments = universe.safeParse(valueAt(document, ["universe"]));
  const trials = strategy.safeParse(valueAt(document, ["strategy"]));
  const windows = walkForward.safeParse(valueAt(document, ["walkForward"]));
  const strategyProblems = (of: CandidateSpec["strategy"]) => {
    const wrong = trialProblems(of);
    if (wrong.length > 0 || !windows.success) return wrong;
    return windowProblems({ strategy: of, walkForward: windows.data }, limits);
  };
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => problemsOf(issue, document)),
    ...(instruments.success ? instrumentProblems(instruments.data) : []),
    ...(trials.success ? strategyProblems(trials.data) : []),
  ];
  return parsed.success && problems.length === 0 ? { spec: parsed.data } : { problems };
}
