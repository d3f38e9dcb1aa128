/**
 * A stage's world in memory: what a lane's test hands to its work instead of a dispatch and a store.
 *
 * Reads are checked against their digest and puts against the artifact rules, as in the running service, so that a
 * stage that passes here has no excuse there. What it stored, said and logged can be looked at afterwards.
 */
import { createHash } from "node:crypto";

import {
  type Approval,
  ArtifactName,
  type ArtifactRef,
  type Assignment,
  canonicalJson,
  DEFAULT_WALK_FORWARD_LIMITS,
  type Feedback,
  type Lane,
  MAX_ARTIFACT_BYTES,
  type Stage,
  type WalkForwardLimits,
  type WorkDone,
} from "@baton/contracts";
import { prettyJson, requireOfDispatch, type StageContext, StageFailure } from "@baton/lanekit";
import { pino } from "pino";
import type { z } from "zod";

/** Bytes, text, or anything else as JSON in the form that `putJson` gives it. */
export type ArtifactContent = unknown;

/** What the stage under test sees; only lane, stage and spec have no default. */
export interface StageContextOptions {
  readonly lane: Lane;
  readonly stage: Stage;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Artifacts of the stages before, by name. */
  readonly inputs?: Readonly<Record<string, ArtifactContent>>;
  /** The run that made the inputs, if it was an earlier one: a rerun carries them along. */
  readonly inputsOf?: string;
  /** What `fetch` finds by digest. */
  readonly stored?: readonly Uint8Array[];
  /** Default: `cand-` + 12 hex of SHA-256 over the canonical spec. */
  readonly candidateId?: string;
  /** Default: derived from candidate and iteration. */
  readonly runId?: string;
  readonly attempt?: number;
  readonly iteration?: number;
  readonly author?: string;
  /** Default: what holds where a playbook says nothing. */
  readonly walkForward?: WalkForwardLimits;
  readonly gatePolicy?: string;
  readonly assignment?: Assignment;
  readonly surfaces?: readonly string[];
  readonly feedback?: readonly Feedback[];
  readonly approvals?: readonly Approval[];
  readonly sequence?: number;
  readonly deadline?: string;
  /** Default: a clock that stands still on 5 January 2026, noon UTC. */
  readonly now?: () => Date;
}

/** A {@link StageContext} whose effects can be looked at. */
export interface RecordedStageContext extends StageContext {
  /** What was put, by name; the last put of a name counts. Give it as `inputs` to the next stage's context. */
  readonly outputs: ReadonlyMap<string, Uint8Array>;
  /** Every `progress` step in order. */
  readonly steps: readonly string[];
  /** What programs from outside did, as its reports would say. */
  readonly works: readonly WorkDone[];
  /** Digests that were kept, in order. */
  readonly kept: readonly string[];
  /** Bytes by digest: change some in place to see what a stage does with a damaged store. */
  readonly store: ReadonlyMap<string, Uint8Array>;
  /** An output parsed as JSON by `schema`; throws if it was not put or doesn't fit. */
  outputJson<T>(name: string, schema: z.ZodType<T>): T;
  /** Aborts `signal`, as a stopping service or a passed deadline does. */
  abort(why?: string): void;
}

const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

function bytesOf(content: ArtifactContent): Uint8Array {
  if (content instanceof Uint8Array) return content;
  return typeof content === "string" ? new TextEncoder().encode(content) : prettyJson(content);
}

function inputFailure(code: string, message: string): StageFailure {
  return new StageFailure({
    class: "deterministic",
    code,
    message,
    action: "Look at the stage that makes this artifact.",
  });
}

function jsonOf(name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw inputFailure("E_INPUT_INVALID", `${name}: not JSON`);
  }
}

function parsed<T>(name: string, bytes: Uint8Array, schema: z.ZodType<T>): T {
  const result = schema.safeParse(jsonOf(name, bytes));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw inputFailure(
    "E_INPUT_INVALID",
    `${name}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "doesn't fit its schema"}`,
  );
}

/** Content-addressed bytes; `get` refuses what no longer fits its digest. */
function createStore() {
  const store = new Map<string, Uint8Array>();
  return {
    store,
    add(bytes: Uint8Array): string {
      const digest = sha256(bytes);
      store.set(digest, bytes);
      return digest;
    },
    get(digest: string, what: string): Uint8Array {
      const bytes = store.get(digest);
      if (bytes === undefined)
        throw new StageFailure({
          class: "transient",
          code: "E_ARTIFACT_MISSING",
          message: `${what}: not in the store`,
          action: "Check the artifact store.",
        });
      if (sha256(bytes) !== digest)
        throw inputFailure("E_ARTIFACT_ALTERED", `${what}: bytes don't fit the digest ${digest}`);
      return bytes;
    },
  };
}

/** The scalar part of a context, with defaults that are the same for the same spec. */
function identityOf(options: StageContextOptions) {
  const { lane, stage, spec, iteration = 0 } = options;
  const candidateId = options.candidateId ?? `cand-${sha256(canonicalJson(spec)).slice(0, 12)}`;
  const runId = options.runId ?? `run-${sha256(`${candidateId}.${iteration}`).slice(0, 12)}`;
  return {
    lane,
    stage,
    spec,
    candidateId,
    runId,
    iteration,
    attempt: options.attempt ?? 1,
    author: options.author ?? "tester",
    walkForward: options.walkForward ?? DEFAULT_WALK_FORWARD_LIMITS,
    gatePolicy: options.gatePolicy,
    assignment: options.assignment,
    surfaces: options.surfaces,
    reported: undefined,
    feedback: options.feedback ?? [],
    approvals: options.approvals ?? [],
    sequence: options.sequence ?? 1,
    deadline: options.deadline ?? "2026-01-05T13:00:00.000Z",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  };
}

/** What a stage reads its inputs with: held against the dispatch, as in the running service. */
function readers(of: {
  readonly identity: ReturnType<typeof identityOf>;
  readonly inputs: readonly ArtifactRef[];
  readonly made: ReadonlyMap<string, ArtifactRef>;
  readonly get: (digest: string, what: string) => Uint8Array;
}): Pick<StageContext, "read" | "readJson"> {
  const { identity, inputs, made, get } = of;
  const found = (name: string) => {
    const ref = made.get(name) ?? inputs.find((input) => input.name === name);
    if (ref === undefined) throw inputFailure("E_INPUT_MISSING", `${name}: the run has none`);
    return { ref, bytes: get(ref.sha256, name) };
  };
  const check = ({ ref, bytes }: ReturnType<typeof found>) => {
    const before = inputs.filter(({ name }) => !made.has(name));
    requireOfDispatch({ ...identity, artifacts: [...before, ...made.values()] }, ref, bytes);
  };
  return {
    read: async (name) => {
      const input = found(name);
      check(input);
      return input.bytes;
    },
    readJson: async (name, schema) => {
      const input = found(name);
      const value = parsed(name, input.bytes, schema);
      check(input);
      return value;
    },
  };
}

/** A context in memory for one stage run. */
export function createStageContext(options: StageContextOptions): RecordedStageContext {
  const identity = identityOf(options);
  const artifacts = createStore();
  for (const bytes of options.stored ?? []) artifacts.add(bytes);

  const refOf = (name: string, bytes: Uint8Array, stage: Stage): ArtifactRef => {
    if (bytes.length > MAX_ARTIFACT_BYTES) throw new RangeError(`${name}: larger than an artifact`);
    const ref = {
      name: ArtifactName.parse(name),
      sha256: artifacts.add(bytes),
      bytes: bytes.length,
    };
    return { ...ref, stage, runId: identity.runId };
  };
  const inputs = Object.entries(options.inputs ?? {}).map(([name, content]) => ({
    ...refOf(name, bytesOf(content), "earlier-stage"),
    runId: options.inputsOf ?? identity.runId,
  }));
  const outputs = new Map<string, Uint8Array>();
  const made = new Map<string, ArtifactRef>();
  const steps: string[] = [];
  const works: WorkDone[] = [];
  const kept: string[] = [];
  const controller = new AbortController();

  const get = (digest: string, what: string) => artifacts.get(digest, what);
  const { read, readJson } = readers({ identity, inputs, made, get });
  const put = async (name: string, bytes: Uint8Array) => {
    const copy = Uint8Array.from(bytes);
    const ref = refOf(name, copy, identity.stage);
    outputs.set(name, copy);
    made.set(name, ref);
    return ref;
  };
  return {
    ...identity,
    inputs,
    log: pino({ level: "silent" }),
    signal: controller.signal,
    read,
    readJson,
    put,
    putJson: (name, value) => put(name, prettyJson(value)),
    fetch: async (digest) => artifacts.get(digest, digest),
    keep: async (digest) => {
      kept.push(digest);
      return artifacts.get(digest, digest);
    },
    kept,
    progress: (step) => void steps.push(step),
    worked: (done) => void works.push(done),
    works,
    now: options.now ?? (() => new Date("2026-01-05T12:00:00.000Z")),
    outputs,
    steps,
    store: artifacts.store,
    outputJson: (name, schema) => parsed(name, outputs.get(name) ?? bytesOf(null), schema),
    abort: (why = "stopped by the test") => controller.abort(new Error(why)),
  };
}
