/** The StageContext of one attempt, on the real stores. */
import { createHash } from "node:crypto";

import type { ArtifactRef, Lane, WholeEntry, WorkDone } from "@baton/contracts";
import { canonicalJson, DEFAULT_WALK_FORWARD_LIMITS } from "@baton/contracts";
import { contradictionIn, type Root } from "@baton/lineage";
import type { Log } from "@baton/telemetry";
import type { z } from "zod";

import { StageFailure, type StageContext } from "./define-lane.ts";
import type { ArtifactStore, Dispatch } from "./ports.ts";

/** What an attempt's context is made of. */
export interface AttemptParts {
  readonly lane: Lane;
  readonly dispatch: Dispatch;
  /** The dispatch's entry with all that it rests on. */
  readonly entry: WholeEntry;
  readonly artifacts: ArtifactStore;
  /** Made on first use, like `signal`: most stages of a busy lane need neither. */
  readonly log: () => Log;
  readonly signal: () => AbortSignal;
  /** When the stage must have reported, ISO. */
  readonly deadline: () => string;
  readonly traceparent: string;
  readonly onProgress: (step: string) => void;
  readonly reported: () => StageContext["reported"];
  readonly onWork: (done: WorkDone) => void;
  /** Filled with what the stage puts. */
  readonly made: Map<string, ArtifactRef>;
}

/** Makes the context that a stage's work sees. */
export function createAttemptContext(parts: AttemptParts): StageContext {
  return new AttemptContext(parts);
}

/** A class, so that a lane that runs thousands of short stages doesn't make a dozen functions for each. */
class AttemptContext implements StageContext {
  readonly lane: Lane;
  readonly candidateId: string;
  readonly stage: string;
  readonly runId: string;
  readonly attempt: number;
  readonly sequence: number;
  readonly traceparent: string;
  readonly #parts: AttemptParts;
  #log: Log | undefined;

  constructor(parts: AttemptParts) {
    const { entry, sequence, deliveries } = parts.dispatch;
    this.lane = parts.lane;
    this.candidateId = entry.candidateId;
    this.stage = entry.stage;
    this.runId = entry.runId;
    this.attempt = deliveries;
    this.sequence = sequence;
    this.traceparent = parts.traceparent;
    this.#parts = parts;
  }

  get #entry(): WholeEntry {
    return this.#parts.entry;
  }

  get iteration(): number {
    return this.#entry.iteration;
  }

  get spec(): StageContext["spec"] {
    return this.#entry.spec;
  }

  get author(): string {
    return this.#entry.author;
  }

  get walkForward(): StageContext["walkForward"] {
    return this.#entry.walkForward ?? DEFAULT_WALK_FORWARD_LIMITS;
  }

  get gatePolicy(): StageContext["gatePolicy"] {
    return this.#entry.gatePolicy;
  }

  get feedback(): StageContext["feedback"] {
    return this.#entry.feedback;
  }

  get approvals(): StageContext["approvals"] {
    return this.#entry.approvals;
  }

  get assignment(): StageContext["assignment"] {
    return this.#entry.rule?.work;
  }

  get reported(): StageContext["reported"] {
    return this.#parts.reported();
  }

  get surfaces(): StageContext["surfaces"] {
    return this.#entry.rule?.surfaces;
  }

  get inputs(): readonly ArtifactRef[] {
    return this.#entry.artifacts;
  }

  get deadline(): string {
    return this.#parts.deadline();
  }

  get log(): Log {
    this.#log ??= this.#parts.log();
    return this.#log;
  }

  get signal(): AbortSignal {
    return this.#parts.signal();
  }

  async read(name: string): Promise<Uint8Array> {
    const { ref, bytes } = await this.#find(name);
    requireOfDispatch(this.#root(), ref, bytes);
    return bytes;
  }

  async readJson<T>(name: string, schema: z.ZodType<T>): Promise<T> {
    const { ref, bytes } = await this.#find(name);
    const value = parseJson(name, bytes, schema);
    requireOfDispatch(this.#root(), ref, bytes);
    return value;
  }

  /** What this attempt made counts like what the stages before did: the last of a name. */
  #root(): Root {
    const { candidateId, runId, spec, artifacts } = this.#entry;
    const { made } = this.#parts;
    const before = artifacts.filter(({ name }) => !made.has(name));
    return { candidateId, runId, spec, artifacts: [...before, ...made.values()] };
  }

  async #find(name: string): Promise<{ ref: ArtifactRef; bytes: Uint8Array }> {
    const { made, artifacts } = this.#parts;
    const { stage, runId, artifacts: inputs } = this.#entry;
    const ref = made.get(name) ?? inputs.find((artifact) => artifact.name === name);
    if (!ref) {
      throw new StageFailure({
        class: "deterministic",
        code: "E_INPUT_MISSING",
        message: `${stage} needs ${name}, which no stage of ${runId} has made`,
        action: "Check the playbook's order of stages and the stage that should make it.",
      });
    }
    return { ref, bytes: await fetch(artifacts, ref.sha256, name) };
  }

  async put(name: string, bytes: Uint8Array): Promise<ArtifactRef> {
    const { stage, runId } = this.#entry;
    const sha256 = await this.#parts.artifacts.put(bytes);
    const ref = { name, sha256, bytes: bytes.length, stage, runId };
    this.#parts.made.set(name, ref);
    return ref;
  }

  putJson(name: string, value: unknown): Promise<ArtifactRef> {
    return this.put(name, prettyJson(value));
  }

  fetch(sha256: string): Promise<Uint8Array> {
    return fetch(this.#parts.artifacts, sha256, sha256.slice(0, 12));
  }

  async keep(sha256: string): Promise<Uint8Array> {
    const bytes = await this.fetch(sha256);
    await this.#parts.artifacts.put(bytes);
    return bytes;
  }

  progress(step: string): void {
    this.#parts.onProgress(step);
  }

  worked(done: WorkDone): void {
    this.#parts.onWork(done);
  }

  now(): Date {
    return new Date();
  }
}

async function fetch(artifacts: ArtifactStore, sha256: string, name: string): Promise<Uint8Array> {
  const bytes = await artifacts.get(sha256).catch((error: unknown) => {
    // The store's own words for bytes that aren't those of their digest.
    if (error instanceof Error && "code" in error && error.code === "E_ARTIFACT")
      throw altered(name, error.message, error);
    throw error;
  });
  if (!bytes) {
    throw new StageFailure({
      class: "transient",
      code: "E_ARTIFACT_MISSING",
      message: `artifact ${name} (${sha256.slice(0, 12)}) isn't in the store`,
      action: "Check the artifact store with `baton doctor`, then `baton resume ID --why …`.",
    });
  }
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === sha256) return bytes;
  throw altered(
    name,
    `it hashes to ${found.slice(0, 12)}, its reference says ${sha256.slice(0, 12)}`,
  );
}

function altered(name: string, how: string, cause?: Error): StageFailure {
  return new StageFailure(
    {
      class: "deterministic",
      code: "E_ARTIFACT_ALTERED",
      message: `artifact ${name} was altered: ${how}`,
      action:
        "Find out who changed the store and put the bytes of that digest back; then `baton resume ID --why …`.",
    },
    { cause },
  );
}

/**
 * Refuses an artifact that contradicts the dispatch it is read for. Throws a StageFailure (policy, E_LINEAGE): whoever wrote
 * it had no right to say so, and nothing is done on it.
 */
export function requireOfDispatch(root: Root, ref: ArtifactRef, bytes: Uint8Array): void {
  const contradiction = contradictionIn(root, ref, () => new TextDecoder().decode(bytes));
  if (contradiction === undefined) return;
  throw new StageFailure({
    class: "policy",
    code: "E_LINEAGE",
    message: `${ref.name} (${ref.sha256.slice(0, 12)}, made by ${ref.stage}) contradicts the dispatch: ${contradiction}`,
    action: `Find out who holds the key of the lane that ran ${ref.stage}, or which version it is; change the key, then submit the specification as a new candidate.`,
  });
}

function parseJson<T>(name: string, bytes: Uint8Array, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new StageFailure({
    class: "deterministic",
    code: "E_INPUT_INVALID",
    message: `${name}: ${issue?.path.join(".") || "(top)"}: ${issue?.message}`,
    action: "The stage that made it and this one disagree about its form: check their versions.",
  });
}

/** JSON with sorted keys, two spaces and a final newline: the same value gives the same bytes. */
export function prettyJson(value: unknown): Uint8Array {
  const sorted: unknown = JSON.parse(canonicalJson(value));
  return new TextEncoder().encode(`${JSON.stringify(sorted, null, 2)}\n`);
}
