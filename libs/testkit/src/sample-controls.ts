/** The mesh's controls as the core itself makes them of commands: no state that no coordinator would write. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ControlCommand, MESH_ID, originControls, type StoredControls } from "@baton/contracts";
import { decideControl, parsePlaybook, type Playbook } from "@baton/playbook";
import { parse } from "yaml";

import { instant } from "./sample-history.ts";

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What a command asks for, without what all of them have. */
type Wish = DistributedOmit<
  ControlCommand,
  "v" | "candidateId" | "id" | "time" | "by" | "why" | "publicKey" | "signature"
>;

/** One step: a command with who sends it and when, or the passing of time. Times are milliseconds after the samples' start. */
export type Step =
  | { readonly wish: Wish; readonly by?: string; readonly why?: string; readonly atMs?: number }
  | { readonly expiredAtMs: number };

type Steps = (Step | ((last: StoredControls) => Step))[];

/** The file with a playbook for tests: few stages, and all that controls need. */
export const TEST_PLAYBOOK = join(import.meta.dirname, "playbook.yaml");

/** A playbook for tests: one stage after the other, with all that controls need. */
function testPlaybook(): Playbook {
  const result = parsePlaybook(parse(readFileSync(TEST_PLAYBOOK, "utf8")));
  if (!result.ok) throw new Error("the tests' playbook has faults");
  return result.playbook;
}

/** The states after each step; a step may be made of the state before it. Throws what the core refuses. */
export function controlled(...steps: Steps): [StoredControls, ...StoredControls[]] {
  const playbook = testPlaybook();
  const states: StoredControls[] = [];
  for (const [index, given] of steps.entries()) {
    const last = states.at(-1);
    const step = typeof given === "function" ? given(last ?? fail("nothing before it")) : given;
    const atMs = "wish" in step ? (step.atMs ?? index * 1000) : step.expiredAtMs;
    const now = instant(atMs);
    const facts = { candidateKnown: true, unrecovered: [] };
    const decision = decideControl({
      last,
      happening: happeningOf(step, index, now),
      playbook,
      facts,
      now,
    });
    if (decision.kind !== "append") fail(JSON.stringify(decision));
    states.push({ sequence: index + 1, controls: decision.controls });
  }
  const [first, ...rest] = states;
  return [first ?? fail("no steps"), ...rest];
}

function happeningOf(step: Step, index: number, now: string) {
  if (!("wish" in step)) return { kind: "expired" } as const;
  const { wish, by = "ada", why = "bad fills" } = step;
  const asked = { v: 1, candidateId: MESH_ID, id: `cmd-sample-${index}`, by, why, time: now };
  const command = ControlCommand.parse({ ...asked, ...wish });
  return { kind: "command", command } as const;
}

function fail(message: string): never {
  throw new Error(message);
}

/** The state with which a mesh begins. */
export const CALM: StoredControls = { sequence: 1, controls: originControls(instant(0)) };

/** The last state after these steps. */
export function lastOf(...steps: Steps): StoredControls {
  const states = controlled(...steps);
  return states.at(-1) ?? states[0];
}

/** Id of the only incident. */
export function incidentOf({ controls }: StoredControls): string {
  return controls.incidents[0]?.id ?? fail("no incident");
}

/** An emergency of so many seconds on the only incident, under OPS-1. */
export function emergency(seconds: number): (last: StoredControls) => Step {
  return (last) => ({
    wish: {
      type: "emergency",
      incidentId: incidentOf(last),
      ticket: "OPS-1",
      scope: "cand-sample",
      seconds,
    },
  });
}
