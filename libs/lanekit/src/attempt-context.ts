/** The StageContext of one attempt, on the real stores. */
import { createHash } from "node:crypto";

import type { ArtifactRef, Lane } from "@baton/contracts";
import { canonicalJson } from "@baton/contracts";
import type { Log } from "@baton/telemetry";
import type { z } from "zod";

import { StageFailure, type StageContext } from "./define-lane.ts";
import type { ArtifactStore, Dispatch } from "./ports.ts";

/** What an attempt's context is made of. */
export interface AttemptParts {
  readonly lane: Lane;
  readonly dispatch: Dispatch;
  readonly artifacts: ArtifactStore;
  /** Made on first use, like `signal`: most stages of a busy lane need neither. */
  readonly log: () => Log;
  readonly signal: () => AbortSignal;
  /** When the stage must have reported, ISO. */
  readonly deadline: () => string;
  readonly traceparent: string;
  readonly onProgress: (step: string) => void;
  /** Filled with what the stage puts. */
  readonly made: Map<string, ArtifactRef>;
}

/** Makes the context that a stage's work sees. */
export function createAttemptContext(parts: AttemptParts): StageContext {
  const { entry, sequence, deliveries } = parts.dispatch;
  const read = async (name: string): Promise<Uint8Array> => {
    const ref = parts.made.get(name) ?? entry.artifacts.find((artifact) => artifact.name === name);
    if (!ref) {
      throw new StageFailure({
        class: "deterministic",
        code: "E_INPUT_MISSING",
        message: `${entry.stage} needs ${name}, which no stage of ${entry.runId} has made`,
        action: "Check the playbook's order of stages and the stage that should make it.",
      });
    }
    return fetch(parts.artifacts, ref.sha256, name);
  };
  const put = async (name: string, bytes: Uint8Array): Promise<ArtifactRef> => {
    const sha256 = await parts.artifacts.put(bytes);
    const ref = { name, sha256, bytes: bytes.length, stage: entry.stage, runId: entry.runId };
    parts.made.set(name, ref);
    return ref;
  };
  let log: Log | undefined;
  return {
    lane: parts.lane,
    candidateId: entry.candidateId,
    stage: entry.stage,
    runId: entry.runId,
    attempt: deliveries,
    iteration: entry.iteration,
    spec: entry.spec,
    author: entry.author,
    feedback: entry.feedback,
    approvals: entry.approvals,
    inputs: entry.artifacts,
    sequence,
    get deadline() {
      return parts.deadline();
    },
    traceparent: parts.traceparent,
    get log() {
      log ??= parts.log();
      return log;
    },
    get signal() {
      return parts.signal();
    },
    read,
    readJson: async (name, schema) => parseJson(name, await read(name), schema),
    put,
    putJson: (name, value) => put(name, prettyJson(value)),
    fetch: (sha256) => fetch(parts.artifacts, sha256, sha256.slice(0, 12)),
    progress: parts.onProgress,
    now: () => new Date(),
  };
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
      action: "Check the artifact store with `baton doctor`, then `baton resume`.",
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
        "Find out who changed the store and put the bytes of that digest back; then `baton resume`.",
    },
    { cause },
  );
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
