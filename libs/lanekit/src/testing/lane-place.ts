/** A lane on stores in memory: dispatches are handed over by the test, what becomes of them is written down. */
import {
  type Entry,
  type Report,
  type StoredEntry,
  type WholeEntry,
  wholeOf,
} from "@baton/contracts";
import { decide, parsePlaybook } from "@baton/playbook";
import type { Telemetry } from "@baton/telemetry";

import { defineLane, type StageWork } from "../define-lane.ts";
import type { Dispatch } from "../ports.ts";
import { type RunningLane, runLane } from "../run-lane.ts";

const policy = {
  maxRetries: 0,
  initialBackoffSeconds: 0,
  backoffMultiplier: 1,
  maxBackoffSeconds: 0,
  autopauseAfterFailures: 5,
};

/** A candidate that was just handed to lane-a. */
export function submitted(stage: Record<string, unknown> = {}, now = new Date()): WholeEntry {
  const parsed = parsePlaybook({
    version: "baton-playbook-v1",
    stages: [
      {
        stage: "make",
        lane: "lane-a",
        requirePreviousArtifact: false,
        requirePreviousGatePass: false,
        ...stage,
      },
    ],
    transitions: { make: [] },
    failurePolicies: {
      transient: { ...policy, maxRetries: 2 },
      deterministic: policy,
      spec: policy,
      policy,
    },
  });
  if (!parsed.ok) throw new Error(parsed.faults.join("\n"));
  const time = now.toISOString();
  const command = {
    v: 1,
    type: "submit",
    id: "submit-1",
    candidateId: "cand-1",
    time,
    by: "ada",
    spec: {},
  } as const;
  const decision = decide({
    last: undefined,
    happening: { kind: "command", command, sampled: false },
    playbook: parsed.playbook,
    evidence: null,
    now: time,
  });
  if (decision.kind !== "append") throw new Error(JSON.stringify(decision));
  return decision.entry;
}

/** What a test sees of a lane. */
export interface LanePlace {
  readonly lane: RunningLane;
  readonly reports: Report[];
  /** `ack`, `retry <ms>` per settled delivery, in order. */
  readonly settled: string[];
  /** Places lent to others by who only waits. */
  spare(): number;
  /** Places given back. */
  released(): number;
  /** The candidate's last entry as the journal has it; the dispatch itself unless set. */
  setLast(last: StoredEntry | undefined): void;
  deliver(entry: Entry, deliveries?: number): void;
}

/** A second is 20 ms here, but for what the playbook says. */
const QUICK = {
  signal: new AbortController().signal,
  heartbeatMs: 20,
  retryScale: 0.02,
  jitter: () => 1,
};

/** What a test may want otherwise. */
export interface LaneSettings {
  readonly graceMs?: number;
  readonly urgent?: readonly string[];
  readonly capacity?: number;
  /** Whether an earlier entry isn't what dispatches name. */
  readonly isSpoiled?: () => boolean;
}

/** Starts a lane whose stage does `work`. */
export function startLane(
  work: StageWork,
  telemetry: Telemetry,
  { graceMs = 100, urgent = [], capacity = 4, isSpoiled = () => false }: LaneSettings = {},
): LanePlace {
  const reports: Report[] = [];
  const settled: string[] = [];
  let last: StoredEntry | undefined;
  let places = 0;
  let spare = 0;
  let take: (dispatch: Dispatch, release: () => void) => void = () => undefined;
  const lane = runLane(defineLane({ lane: "lane-a", stages: { make: work }, urgent }), {
    inbox: {
      open: ({ onDispatch }) => {
        take = onDispatch;
        return {
          silentMs: () => 0,
          widen: (by) => void (spare += by),
          stop: async () => undefined,
        };
      },
    },
    reports: {
      store: async (report) => {
        reports.push(report);
        return "stored";
      },
      result: async () => undefined,
    },
    journal: { last: async () => last, whole: async (entry) => wholeUnless(isSpoiled(), entry) },
    artifacts: { put: async () => "0".repeat(64), get: async () => undefined },
    log: telemetry.log,
    tracer: telemetry.tracer,
    capacity,
    graceMs,
    ...QUICK,
  });
  return {
    lane,
    reports,
    settled,
    spare: () => spare,
    released: () => places,
    setLast: (entry) => (last = entry),
    deliver: (entry, deliveries = 1) => {
      last ??= { sequence: 7, entry };
      const dispatch: Dispatch = {
        entry,
        sequence: 7,
        deliveries,
        lastDelivery: false,
        storedAt: Date.now(),
        ack: () => void settled.push("ack"),
        retry: (ms) => void settled.push(`retry ${ms}`),
        working: () => undefined,
      };
      take(dispatch, () => (places += 1));
    },
  };
}

/** As the mesh reads it: refused where an earlier entry isn't what the dispatch names. */
function wholeUnless(isSpoiled: boolean, entry: Entry): WholeEntry {
  if (!isSpoiled) return wholeOf(entry, []);
  throw Object.assign(new Error("it names JOURNAL 3, which isn't there"), { code: "E_JOURNAL" });
}
