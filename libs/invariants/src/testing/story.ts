/**
 * A small mesh's traces as they lie on the wire: one candidate that fails once and is retried, is paused and resumed,
 * needs an approval, and completes. Tests change one thing in it and see who notices.
 */
import { createHash } from "node:crypto";

import canonicalize from "canonicalize";

import { readControlState } from "../read-controls.ts";
import { readEntry, readReport, readSubmission } from "../read-journal.ts";
import type { BrokerEvent, Change, MeshRecord, SubmitReceipt } from "../record.ts";

type Json = Record<string, unknown>;

/** The traces; all of it may be changed. */
export interface Story {
  /** JOURNAL, from sequence 1. */
  entries: Json[];
  /** REPORTS, from sequence 1. */
  reports: Json[];
  commands: Json[];
  /** Bytes by the name under which the store has them. */
  objects: Map<string, Uint8Array>;
  actions: { remote: string; commit: string; action: string }[];
  changes: Change[];
  broker: BrokerEvent[];
  /** CONTROLS, from sequence 1. */
  controls: Json[];
  receipts: SubmitReceipt[];
  settled: boolean;
}

export const CANDIDATE = "cand-0123456789ab";
const RUN = "run-0123456789ab";
const GATE = "gates/gate-evaluation.json";
export const LIVE_RAMP = `${CANDIDATE}.live-ramp.${RUN}`;

const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

/** A gate report's text. */
export function gateReport(changes: Json = {}): string {
  return JSON.stringify({
    schemaVersion: "baton.gate-report.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    stage: "gate-evaluation",
    policyVersion: "1",
    verdict: "pass",
    gates: [{ gateId: "gate1", status: "pass", reasons: [] }],
    ...changes,
  });
}

/** What was submitted; every other key has its default. */
export const SPEC = {
  schema: "baton.candidate.v1",
  promotion: { target: "shadow", notional: 1000 },
};

/** Lane A's reading of a specification. */
export function reading(spec: Json): string {
  const normal = { costBps: 5, holdoutRows: 252, seed: 1, ...spec };
  const specSha256 = sha256(canonicalize(normal) ?? "");
  return JSON.stringify({ schemaVersion: "baton.candidate-spec.v1", spec: normal, specSha256 });
}

/** The whole story, everything as it should be; `gate` is the text of the gate report that it rests on, `research` lane A's reading. */
export function tellStory(gate: string = gateReport(), research: string = reading(SPEC)): Story {
  const objects = new Map<string, Uint8Array>();
  const made = (name: string, stage: string, text: string): Json => {
    const bytes = new TextEncoder().encode(text);
    objects.set(sha256(bytes), bytes);
    return { name, sha256: sha256(bytes), bytes: bytes.length, stage, runId: RUN };
  };
  const spec = made("research/candidate-spec.json", "research-intake", research);
  const report = made(GATE, "gate-evaluation", gate);
  const ramp = made("gates/live-ramp.json", "live-ramp", "{ }\n");
  return {
    objects,
    entries: entriesOf({ spec, report, ramp }),
    reports: [
      attempt("research-intake", { answers: 1, failure: { class: "transient" } }),
      result("research-intake", { answers: 1, attempt: 2, artifacts: [spec] }),
      result("gate-evaluation", { answers: 3, attempt: 1, artifacts: [report] }),
      result("live-ramp", { answers: 7, attempt: 1, artifacts: [ramp] }),
    ],
    commands: ["submit", "submit", "pause", "resume", "approve"].map((type) => ({
      type,
      candidateId: CANDIDATE,
    })),
    actions: [{ remote: "gitops.git", commit: "c1", action: `${LIVE_RAMP}.L1` }],
    changes: [
      {
        remote: "gitops.git",
        commit: "c1",
        by: { kind: "action", name: `${LIVE_RAMP}.L1` },
        paths: [`strategies/${CANDIDATE}.yaml`],
      },
    ],
    broker: [
      { line: 1, type: "ledger", at: null, account: null, scope: null, order: null },
      orderEvent(2, "o-1", 10),
    ],
    controls: [],
    receipts: [false, true].map((duplicate) => ({
      candidateId: CANDIDATE,
      duplicate,
      runId: RUN,
      stage: "research-intake",
      sequence: 1,
      time: TIME,
    })),
    settled: true,
  };
}

/** A kill switch is engaged or released at the broker; of one account it's that of `paper`. */
export function switchEvent(
  line: number,
  type: "engage" | "release",
  scope: "mesh" | "all" | "account",
): BrokerEvent {
  return { line, type, at: 0, account: scope === "account" ? "paper" : null, scope, order: null };
}

/** The broker takes an order that is filled at once. */
export function orderEvent(
  line: number,
  clientOrderId: string,
  change: number,
  account = "paper",
): BrokerEvent {
  return {
    line,
    type: "order",
    at: storedAt(line).getTime(),
    account,
    scope: null,
    order: { clientOrderId, symbol: "NDX", change, filled: true },
  };
}

const TIME = "2026-01-02T03:04:05.678Z";

/** When the story's nth thing was stored: one every ten seconds. */
function storedAt(n: number): Date {
  return new Date(Date.parse(TIME) + n * 10_000);
}

/** A state of the mesh's controls; `at` is when it was stored, on the clock of `storedAt`. */
export function controlState(n: number, at: number, changes: Json = {}): Json {
  return {
    n,
    prev: n - 1,
    storedAt: at,
    cause: { kind: "command", by: "ann" },
    killSwitch: null,
    incidents: [],
    tasks: [],
    ...changes,
  };
}

/** Evidence of one artifact that was found. */
function seen(artifact: Json, rest: Json = { gate: null }): Json {
  return { artifacts: { [String(artifact["name"])]: "present" }, ...rest };
}

/** Eight entries from submission to completion. */
function entriesOf({ spec, report, ramp }: Record<"spec" | "report" | "ramp", Json>): Json[] {
  const proof = sha256(JSON.stringify([spec, report].map((one) => [one["name"], one["sha256"]])));
  const gateSeen = seen(report, {
    gate: { sha256: report["sha256"], verdict: "pass", reasons: [] },
  });
  const hold = { by: "ann", why: "look first", time: TIME, commandId: "cmd-000001" };
  return [
    entry(1, ["research-intake", "lane-a", "SUBMITTED"], {
      cause: command("submit"),
      guard: { from: null, to: "research-intake", rule: "transition_allowed" },
    }),
    entry(2, ["research-intake", "lane-a", "RETRY_BACKOFF"], {
      cause: reported(1),
      awaits: 1,
      failure: { class: "transient" },
    }),
    entry(3, ["gate-evaluation", "lane-d", "STAGE_PASSED"], {
      cause: reported(2),
      guard: { from: "research-intake", to: "gate-evaluation", rule: "transition_allowed" },
      evidence: seen(spec),
      artifacts: [spec],
    }),
    entry(4, ["gate-evaluation", "review", "PAUSED"], {
      ...asked("resume it"),
      cause: command("pause"),
      awaits: 3,
      hold,
      artifacts: [spec],
    }),
    entry(5, ["gate-evaluation", "review", "PAUSED"], {
      ...asked("resume it"),
      cause: reported(3),
      hold,
      artifacts: [spec],
    }),
    entry(6, ["gate-evaluation", "review", "APPROVAL_REQUIRED"], {
      ...asked("approve it"),
      cause: command("resume"),
      evidence: gateSeen,
      artifacts: [spec, report],
    }),
    entry(7, ["live-ramp", "lane-e", "APPROVED"], {
      cause: command("approve"),
      guard: { from: "gate-evaluation", to: "live-ramp", rule: "transition_allowed" },
      evidence: gateSeen,
      approvals: [{ stage: "live-ramp", by: "ben", evidence: proof }],
      artifacts: [spec, report],
    }),
    entry(8, ["live-ramp", "closed", "COMPLETED"], {
      cause: reported(4),
      awaits: null,
      deadline: null,
      rule: null,
      evidence: seen(ramp),
      artifacts: [spec, report, ramp],
    }),
  ];
}

function entry(n: number, at: readonly [string, string, string], changes: Json): Json {
  const [stage, holder, reason] = at;
  return {
    candidateId: CANDIDATE,
    runId: RUN,
    stage,
    holder,
    reason,
    n,
    prev: n - 1,
    about: { kind: "submitted" },
    author: "ann",
    spec: SPEC,
    awaits: 0,
    artifacts: [],
    evidence: null,
    guard: null,
    approvals: [],
    hold: null,
    rule: { maxRetries: 4 },
    failure: null,
    deadline: TIME,
    review: null,
    ...changes,
  };
}

function asked(...commands: string[]): Json {
  const answers = commands.map((one) => ({ command: one }));
  return { awaits: null, rule: null, review: { answers } };
}

function command(type: string): Json {
  return { kind: "command", type };
}

function reported(sequence: number): Json {
  return { kind: "report", sequence };
}

const LANES: Readonly<Record<string, string>> = {
  "research-intake": "lane-a",
  "gate-evaluation": "lane-d",
  "live-ramp": "lane-e",
};

function attempt(stage: string, of: Json): Json {
  const lane = LANES[stage];
  return { type: "attempt", candidateId: CANDIDATE, runId: RUN, stage, lane, attempt: 1, ...of };
}

function result(stage: string, { artifacts, ...of }: Json): Json {
  const outcome = { kind: "done", artifacts };
  const lane = LANES[stage];
  return { type: "result", candidateId: CANDIDATE, runId: RUN, stage, lane, outcome, ...of };
}

/** Subject of a report of the story. */
export function reportSubjectOf(of: Json): string {
  const tokens = ["lane", "candidateId", "stage", "runId"].map((name) => String(of[name]));
  const part = of["type"] === "result" ? "result" : `attempt-${String(of["attempt"])}`;
  return ["baton", "report", ...tokens, part].join(".");
}

/** Subject of a journal entry of the story. */
export function subjectOf(of: Json): string {
  const tokens = ["holder", "candidateId", "stage", "runId"].map((name) => String(of[name]));
  return ["baton", "journal", ...tokens].join(".");
}

/**
 * The entries' texts: each says what it rests on by naming those that brought it, and the digest of the one before. Unless it has
 * `basis` or `prevSha256` itself.
 */
export function textsOf(entries: readonly Json[]): string[] {
  const texts: string[] = [];
  const brought: string[][] = [];
  for (const { spec, artifacts, ...rest } of entries) {
    const all = Array.isArray(artifacts) ? artifacts : [];
    const earlier = brought.flatMap((names, index) =>
      index === 0 || all.some(({ name }) => names.includes(name)) ? [index + 1] : [],
    );
    const known = brought.flat();
    const made = all.filter(({ name }) => !known.includes(name));
    const isOther = JSON.stringify(spec) !== JSON.stringify(SPEC) || texts.length === 0;
    const digests = earlier.map((sequence) => sha256(texts[sequence - 1] ?? ""));
    const basis = {
      ...(isOther && { spec }),
      ...(made.length > 0 && { made: [{ stage: rest["stage"], runId: RUN, artifacts: made }] }),
      ...(earlier.length > 0 && { earlier, sha256: sha256(digests.join("")) }),
    };
    const before = texts.at(-1);
    const prevSha256 = before === undefined ? null : sha256(before);
    texts.push(JSON.stringify({ prevSha256, basis, ...rest }));
    brought.push(made.map(({ name }) => name));
  }
  return texts;
}

/** The story as it is read from the streams. */
export function recordOf(story: Story): MeshRecord {
  const stored = (subject: (value: Json) => string) => (value: Json, index: number) => ({
    seq: index + 1,
    subject: subject(value),
    time: storedAt(typeof value["storedAt"] === "number" ? value["storedAt"] : index + 1),
    string: () => JSON.stringify(value),
  });
  const texts = textsOf(story.entries);
  const read = story.entries
    .map(stored(subjectOf))
    .map((message) => readEntry({ ...message, string: () => texts[message.seq - 1] ?? "" }));
  return {
    ...story,
    entries: read.flatMap((one) => ("what" in one ? [] : [one])),
    foreign: read.flatMap((one) => ("what" in one ? [one] : [])),
    reports: story.reports
      .map(stored(reportSubjectOf))
      .flatMap((message) => readReport(message) ?? []),
    submissions: story.commands
      .map(stored(subjectOf))
      .flatMap((message) => readSubmission(message) ?? []),
    objects: new Map(
      Array.from(story.objects, ([name, content]) => [
        name,
        { sha256: sha256(content), bytes: content.length, content },
      ]),
    ),
    controls: story.controls.map(stored(() => "baton.control.mesh")).map(readControlState),
    gates: new Map([["gate-evaluation", GATE]]),
    promoting: ["live-ramp"],
    recovery: "incident-recovery",
  };
}
