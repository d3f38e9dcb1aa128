import { CandidateSpec } from "@baton/contracts";
import { z } from "zod";

import { type SpecProblem, specFailure, valueAt } from "./spec-problems.ts";

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
  return [{ path: issue.path, value, rule: issue.message }];
}

/** The specification with its defaults filled in. Throws a StageFailure (spec, E_SPEC) that names every wrong place. */
export function parseCandidate(document: unknown): CandidateSpec {
  const parsed = CandidateSpec.safeParse(document);
  if (parsed.success) return parsed.data;
  throw specFailure(parsed.error.issues.flatMap((issue) => problemsOf(issue, document)));
}
