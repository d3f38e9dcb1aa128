/** Candidates of a mesh under test, brought to where a test begins by the commands that people use. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { candidateIdOf } from "@baton/playbook";
import { expect } from "vitest";

import type { CliMesh } from "./cli-mesh.ts";
import type { Ended } from "./run-baton.ts";

type Make = (name: string) => Promise<string>;

/** Each submits a specification of a name and answers with its candidate's id. */
export interface CandidatesOn {
  /** Accepted. */
  readonly submitted: Make;
  /** Waits for an approval. */
  readonly waiting: Make;
  /** Is lane-b's. */
  readonly withLaneB: Make;
}

/** `on` is asked when it's needed: the mesh may start later. */
export function candidatesOn(
  on: () => CliMesh,
  baton: (args: readonly string[]) => Promise<Ended>,
): CandidatesOn {
  const submitted: Make = async (name) => {
    writeFileSync(join(on().folder.path, `${name}.yaml`), `name: ${name}\n`);
    const { code, stderr } = await baton(["submit", "--unchecked", `${name}.yaml`]);
    expect([code, stderr]).toEqual([0, ""]);
    return candidateIdOf({ name });
  };
  const waiting: Make = async (name) => {
    const candidateId = await submitted(name);
    await on().standsAt(candidateId, "review", "bench-1");
    return candidateId;
  };
  const withLaneB: Make = async (name) => {
    const candidateId = await waiting(name);
    const { code } = await baton(["approve", candidateId, "--yes", "--why", "fine", "--as", "eve"]);
    expect(code).toBe(0);
    await on().standsAt(candidateId, "lane-b", "bench-2");
    return candidateId;
  };
  return { submitted, waiting, withLaneB };
}
