/**
 * The playbook format. The public `torghut-v3-orchestration-policy-v1` file is one; `baton-playbook-v1` adds keys to it.
 * A document is checked and resolved once into a fully populated `Playbook`; nothing else interprets it.
 *
 * P1: `pass` edges lead from every stage to an end without a cycle; other edges may go back.
 * P2: every stage can be reached from the one start over some edge.
 * P3: what an edge promises can be kept: a fail edge leads to a stage that asks for no passed gate, the start needs no
 *     approval, only transient failures are retried.
 */
import {
  ArtifactName,
  type Assignment,
  canonicalJson,
  FAILURE_CLASSES,
  type FailureClass,
  type Lane,
  OwnLane,
  Sha256,
  type SpendLimit,
  Stage,
} from "@baton/contracts";
import { z } from "zod";

import { digestOf } from "../identify.ts";
import { ApprovalRule, Roles } from "./approval-rule.ts";
import {
  CandidateBudget,
  executorFaults,
  ExecutorKey,
  executorOf,
  limitOf,
  StageBudget,
} from "./executor-rule.ts";
import { shapeFaults } from "./playbook-faults.ts";
import { graphFaults, resolveEdges, transitionsOf } from "./stage-graph.ts";
import { surfaceFaults, Surfaces } from "./surfaces.ts";
import { WalkForwardRule } from "./walk-forward-rule.ts";

/** How failures of one class are treated. Delays in seconds. */
export const FailurePolicy = z
  .strictObject({
    maxRetries: z.int().min(0).max(20),
    initialBackoffSeconds: z.number().min(0).max(86_400),
    backoffMultiplier: z.number().min(1).max(100),
    maxBackoffSeconds: z.number().min(0).max(86_400),
    autopauseAfterFailures: z.int().min(1).max(100),
  })
  .refine((policy) => policy.maxBackoffSeconds >= policy.initialBackoffSeconds, {
    error: "maxBackoffSeconds is below initialBackoffSeconds: the two contradict each other",
    path: ["maxBackoffSeconds"],
  });
export type FailurePolicy = z.infer<typeof FailurePolicy>;

/** Of the classes that are never retried (J6): a policy that promises retries would not be kept. */
const FinalPolicy = FailurePolicy.refine((policy) => policy.maxRetries === 0, {
  error: "only transient failures are retried: maxRetries must be 0 here",
  path: ["maxRetries"],
});

const Policies = z.strictObject({
  transient: FailurePolicy,
  deterministic: FinalPolicy,
  spec: FinalPolicy,
  policy: FinalPolicy,
});

const StageDocument = z
  .strictObject({
    stage: Stage,
    lane: OwnLane,
    mutableAction: z.boolean().default(false),
    requirePreviousArtifact: z.boolean().default(true),
    requirePreviousGatePass: z.boolean().default(true),
    stageSloGates: z
      .undefined({
        error:
          "upstream retired it, and it isn't obeyed here: `gate` names the report that must pass; take it out",
      })
      .optional(),
    /** Seconds from dispatch until the stage must have reported. */
    deadlineSeconds: z
      .number()
      .min(0.001)
      .max(30 * 86_400)
      .default(7200),
    /** Seconds that an attempt may go without moving its progress watermark before its lane aborts it; unset: as long as it likes. */
    progressSeconds: z
      .number()
      .min(0.1)
      .max(30 * 86_400)
      .optional(),
    pass: Stage.nullable().optional(),
    fail: Stage.nullable().optional(),
    incident: Stage.nullable().optional(),
    /** Who does its work; `builtin` where it isn't said: the lane's own code. */
    executor: ExecutorKey.optional(),
    /** Most that each of its runs may spend. */
    budget: StageBudget.optional(),
    /** Name of the artifact from which the verdict is read. */
    gate: ArtifactName.optional(),
    /** Artifacts that a passing result must name. */
    artifacts: z.array(ArtifactName).max(50).default([]),
    approvals: ApprovalRule.optional(),
    failurePolicies: Policies.partial().optional(),
  })
  .refine(
    ({ progressSeconds, deadlineSeconds }) =>
      progressSeconds === undefined || progressSeconds < deadlineSeconds,
    {
      error: "progressSeconds isn't below deadlineSeconds: the deadline would always come first",
      path: ["progressSeconds"],
    },
  )
  .superRefine((stage, context) => {
    for (const { key, message } of executorFaults(stage))
      context.addIssue({ code: "custom", path: [key], message });
  });

/** What these say always holds: it may be written down, not changed. */
const Controls = z.strictObject({
  riskControlsAuthority: always("final"),
  executionControlsAuthority: always("final"),
  mutableActionMode: always("gitops-first"),
  emergencyOverrideRequiresTicket: always(true),
});

function always<const T extends string | boolean>(value: T) {
  return z
    .literal(value, { error: `always ${JSON.stringify(value)}: write that, or leave it out` })
    .default(value);
}

/** A playbook file's content. */
export const PlaybookDocument = z.strictObject({
  version: z.enum(["torghut-v3-orchestration-policy-v1", "baton-playbook-v1"]),
  description: z.string().max(4000).optional(),
  stages: z.array(StageDocument).min(1).max(64),
  transitions: z.record(Stage, z.array(Stage).max(16)),
  failurePolicies: Policies,
  /** What a lane may change in a repository; a lane that isn't named changes what it always did. */
  surfaces: Surfaces.prefault({}),
  /** Who may ask for what: one of the roles is needed; what isn't named everybody may. */
  answers: z
    .strictObject({
      approve: Roles.optional(),
      reject: Roles.optional(),
      resume: Roles.optional(),
      "send-back": Roles.optional(),
      cancel: Roles.optional(),
      pause: Roles.optional(),
      "kill-switch": Roles.optional(),
      "release-kill-switch": Roles.optional(),
      incident: Roles.optional(),
      "close-incident": Roles.optional(),
      emergency: Roles.optional(),
      "close-task": Roles.optional(),
      "accept-loss": Roles.optional(),
    })
    .prefault({}),
  controls: Controls.prefault({}),
  limits: z
    .strictObject({
      /** How often a gate may send a candidate back before a person decides. */
      maxLoops: z.int().min(0).max(20).default(1),
      /** Most runs of one candidate. */
      maxIterations: z.int().min(1).max(100).default(20),
      /** How often the same failure may be seen on the same inputs before a person decides. */
      maxSameFailures: z.int().min(2).max(100).default(3),
      /** Seconds a review may wait for an answer. */
      reviewSeconds: z
        .number()
        .positive()
        .max(90 * 86_400)
        .default(86_400),
      /** What a walk-forward must have at least; carried by every entry. */
      walkForward: WalkForwardRule.optional(),
      /** SHA-256 of the gate policy that gates are judged by; carried by every entry. */
      gatePolicy: Sha256.optional(),
      /** Most that programs from outside may spend on one candidate, over all its runs. */
      budget: CandidateBudget.optional(),
    })
    .prefault({}),
});
export type PlaybookDocument = z.infer<typeof PlaybookDocument>;

/** A stage with every default filled in and its edges resolved. */
export interface StageRule {
  readonly stage: Stage;
  readonly lane: Lane;
  readonly mutable: boolean;
  readonly needsArtifact: boolean;
  readonly needsGate: boolean;
  readonly deadlineSeconds: number;
  /** Null: an attempt may go without progress. */
  readonly progressSeconds: number | null;
  /** Where a pass leads; null ends the run. */
  readonly pass: Stage | null;
  /** Where a failed gate leads; null leads to a person. */
  readonly fail: Stage | null;
  readonly incident: Stage | null;
  /** Every stage the guard lets it go on to. */
  readonly to: readonly Stage[];
  /** Null: the lane's own code. */
  readonly executor: Assignment["executor"] | null;
  readonly budget: (SpendLimit & { readonly seconds?: number }) | null;
  readonly gate: string | null;
  readonly artifacts: readonly string[];
  readonly approvals: ApprovalRule | null;
  readonly policies: Readonly<Record<FailureClass, FailurePolicy>>;
}

/** A checked playbook, identified by the SHA-256 of its canonical form. */
export interface Playbook {
  readonly digest: Sha256;
  readonly version: string;
  readonly start: Stage;
  readonly stages: ReadonlyMap<Stage, StageRule>;
  readonly limits: Omit<PlaybookDocument["limits"], "budget"> & { readonly budget?: SpendLimit };
  readonly surfaces: PlaybookDocument["surfaces"];
  readonly answers: PlaybookDocument["answers"];
  /** The canonical JSON that `digest` is taken over: stored, so that a pinned run finds its playbook again. */
  readonly source: string;
}

/** Either a playbook or every fault of the document, each with its path. */
export type PlaybookResult =
  | { readonly ok: true; readonly playbook: Playbook }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Checks a parsed YAML or JSON document and resolves it. Names every fault of its shape at once, then of its graph. */
export function parsePlaybook(document: unknown): PlaybookResult {
  const parsed = PlaybookDocument.safeParse(document);
  if (!parsed.success) return { ok: false, faults: shapeFaults(document, parsed.error) };
  const edges = resolveEdges(parsed.data);
  const faults = [...graphFaults(parsed.data, edges), ...surfaceFaults(parsed.data.surfaces)];
  if (faults.length > 0) return { ok: false, faults };
  const start = edges.start[0] ?? "";
  const source = canonicalJson(document);
  const stages = new Map(
    parsed.data.stages.map((stage) => [stage.stage, resolveStage(stage, parsed.data, edges)]),
  );
  const { budget, ...limits } = parsed.data.limits;
  return {
    ok: true,
    playbook: {
      digest: digestOf(source),
      version: parsed.data.version,
      start,
      stages,
      limits: { ...limits, ...(budget && { budget: limitOf(budget) }) },
      surfaces: parsed.data.surfaces,
      answers: parsed.data.answers,
      source,
    },
  };
}

/** Moves real money: its lane refuses to without an approval, so that nothing but one can lead there. */
const LIVE_STAGE = "live-ramp";
/** What it needs where the playbook doesn't say, as in the public format, which knows no approvals. */
const LIVE_APPROVALS: ApprovalRule = ApprovalRule.parse({
  required: 2,
  when: { path: "promotion.target", in: ["live"] },
});

function resolveStage(
  stage: z.infer<typeof StageDocument>,
  document: PlaybookDocument,
  edges: ReturnType<typeof resolveEdges>,
): StageRule {
  const own = edges.of.get(stage.stage) ?? { pass: null, fail: null, incident: null };
  const policy = (name: FailureClass) =>
    stage.failurePolicies?.[name] ?? usualPolicy(stage, document, name);
  const { budget } = stage;
  const [transient, deterministic, spec, denied] = FAILURE_CLASSES.map(policy);
  if (!transient || !deterministic || !spec || !denied) throw new Error("four failure classes");
  return {
    stage: stage.stage,
    lane: stage.lane,
    mutable: stage.mutableAction,
    needsArtifact: stage.requirePreviousArtifact,
    needsGate: stage.requirePreviousGatePass,
    deadlineSeconds: stage.deadlineSeconds,
    progressSeconds: stage.progressSeconds ?? null,
    ...own,
    to: transitionsOf(document, stage.stage),
    executor: stage.executor ? executorOf(stage.executor) : null,
    budget: budget
      ? { ...limitOf(budget), ...(budget.seconds !== undefined && { seconds: budget.seconds }) }
      : null,
    gate: stage.gate ?? null,
    artifacts: stage.artifacts,
    approvals: stage.approvals ?? (stage.stage === LIVE_STAGE ? LIVE_APPROVALS : null),
    policies: { transient, deterministic, spec, policy: denied },
  };
}

/** Where attempts cost money there is one retry, unless the stage says otherwise. */
function usualPolicy(
  { executor }: z.infer<typeof StageDocument>,
  { failurePolicies }: PlaybookDocument,
  name: FailureClass,
): FailurePolicy {
  const usual = failurePolicies[name];
  return executor ? { ...usual, maxRetries: Math.min(1, usual.maxRetries) } : usual;
}

/** The rule of a stage; throws if the playbook has none of that name (a bug: entries are made from the playbook). */
export function stageRule(playbook: Playbook, stage: Stage): StageRule {
  const rule = playbook.stages.get(stage);
  if (!rule) throw new Error(`playbook ${playbook.digest.slice(0, 12)} has no stage ${stage}`);
  return rule;
}

/** True if a candidate whose run has number `iteration` (from 0) may have one more. */
export function anotherRunAllowed({ limits }: Playbook, iteration: number): boolean {
  return iteration + 1 < limits.maxIterations;
}
