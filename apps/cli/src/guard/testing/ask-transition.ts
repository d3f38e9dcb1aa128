/** Asks `guard check-transition` about a move that is allowed, with changes that the test makes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { type TemporaryFolder, temporaryFolder } from "@baton/testkit";
import { afterAll } from "vitest";

import { runGuard } from "./run-guard.ts";

/** Of the test file; it is removed at its end. */
export const folder: TemporaryFolder = temporaryFolder("guard");
afterAll(() => folder.remove());

/** The public policy file. */
export const PUBLIC = join(
  import.meta.dirname,
  "../../../../../libs/playbook/src/testing/public-policy.yaml",
);
/** Of the candidate that is asked about. */
export const IDS = { candidateId: "cand-a1b2c3", runId: "run-000001" };

let written = 0;
/** Writes a file and returns its path; values become JSON. */
export function file(content: unknown, name = ".json"): string {
  written += 1;
  const path = join(folder.path, `${written}${name}`);
  const raw = typeof content === "string" || content instanceof Uint8Array;
  writeFileSync(path, raw ? content : JSON.stringify(content));
  return path;
}

/** What is changed. */
export interface Case {
  /** Changes to the state file; a text is the whole file. */
  readonly state?: Record<string, unknown> | string;
  /** Changes to the options: a value, null to leave one out, true for a flag. */
  readonly options?: Readonly<Record<string, string | true | null>>;
}

const artifact = file({ ...IDS, stage: "rollback-readiness", rows: 3 });

/** Asks for a move that is allowed, from rollback-readiness to policy-dry-run, with changes. */
export function ask({ state = {}, options = {} }: Case = {}) {
  const content =
    typeof state === "string"
      ? state
      : { ...IDS, activeStage: "rollback-readiness", paused: false, ...state };
  const given = {
    policy: PUBLIC,
    state: file(content),
    "candidate-id": IDS.candidateId,
    "run-id": IDS.runId,
    "to-stage": "policy-dry-run",
    "previous-artifact": artifact,
    "previous-gate-passed": true,
    "risk-controls-passed": true,
    "execution-controls-passed": true,
    ...options,
  } as const;
  const args = Object.entries<string | true | null>(given).flatMap(([name, value]) =>
    value === null ? [] : value === true ? [`--${name}`] : [`--${name}`, value],
  );
  return runGuard(["check-transition", ...args]);
}
