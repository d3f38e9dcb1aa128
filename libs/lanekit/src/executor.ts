/**
 * Work that a program from outside does for a stage: one port, whatever stands behind it.
 *
 * E1: what is delivered is data. It counts for nothing until the lane's own tests have accepted it, and no word of the program is a
 *     class, a code, an action or a path of ours.
 * E2: what it wrote and what it took are kept however it ended.
 */
import {
  type Assignment,
  type Failure,
  Feedback,
  SpendLimit,
  type WorkDone,
} from "@baton/contracts";
import { z } from "zod";

import { type StageContext, StageFailure } from "./define-lane.ts";

/** What stands in a job's `job.json`: the playbook's handoff bundle, for the program to read. */
export const JobDocument = z.looseObject({
  schemaVersion: z.literal("baton.job.v1"),
  /** Keys that the playbook requires. */
  repository: z.string(),
  base: z.string(),
  head: z.string(),
  candidateId: z.string(),
  stage: z.string(),
  /** Folder of the repository in which the delivery belongs. */
  artifactPath: z.string(),
  runId: z.string(),
  iteration: z.int().min(0),
  /** Why earlier runs came back. */
  feedback: z.array(Feedback),
  /** The author's. */
  thesis: z.string(),
  specification: z.record(z.string(), z.unknown()),
  /** Globs of what may be delivered. */
  surfaces: z.array(z.string()),
  deadline: z.string(),
  /** What is left of each budget; a figure that is absent isn't bounded. */
  budget: z.object({ stageRun: SpendLimit.optional(), candidate: SpendLimit.optional() }),
  /** Files beside it: what each is. */
  inputs: z.record(z.string(), z.string()),
});
export type JobDocument = z.infer<typeof JobDocument>;

/** One attempt's work. */
export interface Job {
  readonly document: JobDocument;
  readonly assignment: Assignment;
  readonly attempt: number;
  /** What is to be done, for an agent: our own words, none of the author's. */
  readonly task: string;
  /** Bytes by path, beside `job.json`. */
  readonly inputs: Readonly<Record<string, Uint8Array>>;
  /** By this stage run before, as far as the journal knows. */
  readonly reported?: WorkDone["sum"] | undefined;
}

/** A file that was taken out: plain, hashed once. */
export interface DeliveredFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** What came of it. */
export interface Delivery {
  readonly work: WorkDone;
  /** What it wrote, by the name under `observed/`; the first is the one that people are shown. */
  readonly logs: Readonly<Record<string, Uint8Array>>;
  readonly outcome:
    | { readonly kind: "files"; readonly files: readonly DeliveredFile[] }
    | { readonly kind: "failed"; readonly failure: Failure }
    /** The attempt was aborted. */
    | { readonly kind: "stopped" };
}

export interface Executor {
  /** Rejects only for what isn't the program's doing. */
  run(
    job: Job,
    call: { readonly signal: AbortSignal; readonly progress: (step: string) => void },
  ): Promise<Delivery>;
}

/** Runs the job for the stage: keeps its logs, has its report say what it took, and gives back what was delivered. */
export async function deliveryOf(
  context: StageContext,
  executor: Executor,
  job: Job,
): Promise<readonly DeliveredFile[]> {
  const { signal } = context;
  const progress = (step: string): void => context.progress(step);
  const { work, logs, outcome } = await executor.run(job, { signal, progress });
  let log: WorkDone["log"];
  for (const [name, bytes] of Object.entries(logs)) {
    if (bytes.length === 0) continue;
    const ref = await context.put(`observed/${name}`, bytes);
    log ??= { sha256: ref.sha256, bytes: ref.bytes };
  }
  context.worked({ ...work, ...(log && { log }) });
  if (outcome.kind === "files") return outcome.files;
  signal.throwIfAborted();
  if (outcome.kind === "failed") throw new StageFailure(outcome.failure);
  throw new Error("the executor stopped, and nobody asked it to");
}
