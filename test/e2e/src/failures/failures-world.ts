/** A real server, a real coordinator and real lane processes that go wrong as candidates ask for, with J5 watched all the while. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Entry, OwnLane, StoredEntry } from "@baton/contracts";
import {
  eventually,
  type SpawnedService,
  spawnService,
  startTestNats,
  temporaryFolder,
  type TestNats,
} from "@baton/testkit";

import { openStandingCheck } from "../find-unsettled.ts";
import { type LoopWorld, openLoopWorld } from "../loop-world.ts";

const FAULTY_LANE = fileURLToPath(new URL("./faulty-lane.ts", import.meta.url));

const never = {
  maxRetries: 0,
  initialBackoffSeconds: 0,
  backoffMultiplier: 1,
  maxBackoffSeconds: 0,
  autopauseAfterFailures: 2,
};

/** Stages: `make` (lane-a) -> `watch` (lane-b, must show progress) -> `hurry` (lane-c, may be given little time) -> closed. */
export const FAILURES_PLAYBOOK = {
  version: "baton-playbook-v1",
  stages: [
    {
      stage: "make",
      lane: "lane-a",
      requirePreviousArtifact: false,
      requirePreviousGatePass: false,
      deadlineSeconds: 60,
    },
    { stage: "watch", lane: "lane-b", deadlineSeconds: 60, progressSeconds: 1 },
    { stage: "hurry", lane: "lane-c", deadlineSeconds: 60 },
  ],
  transitions: { make: ["watch"], watch: ["hurry"], hurry: [] },
  failurePolicies: {
    transient: {
      maxRetries: 3,
      initialBackoffSeconds: 0.1,
      backoffMultiplier: 2,
      maxBackoffSeconds: 1,
      autopauseAfterFailures: 9,
    },
    deterministic: never,
    spec: never,
    policy: never,
  },
};

function withHurry(seconds: number): object {
  const stages = FAILURES_PLAYBOOK.stages.map((one) =>
    one.stage === "hurry" ? { ...one, deadlineSeconds: seconds } : one,
  );
  return { ...FAILURES_PLAYBOOK, stages };
}

const LANE_OF = { make: "lane-a", watch: "lane-b", hurry: "lane-c" } as const;
export type FailureStage = keyof typeof LANE_OF;

/** What a test works with. */
export interface FailuresWorld extends AsyncDisposable {
  readonly nats: TestNats;
  readonly loop: LoopWorld;
  /** Submits a candidate whose stages behave as said; `name` makes it another one than the others. */
  submit(
    name: string,
    stages: Partial<Record<FailureStage | `${FailureStage}@${number}`, unknown>>,
  ): Promise<string>;
  /** Starts a process of the stage's lane; ready if waited for. */
  startLane(stage: FailureStage, env?: Record<string, string>): SpawnedService;
  /** Waits until the candidate stands for `reason`, by default in its present run or any. */
  until(candidateId: string, reason: Entry["reason"]): Promise<StoredEntry>;
  reasons(candidateId: string): Promise<Entry["reason"][]>;
  resume(candidateId: string): Promise<void>;
  /** Notes how long something took that ends with a person knowing. */
  measure(what: string, ms: number): void;
  /** What violated J5 at any look so far, and how often was looked. */
  unsettled(): { readonly looks: number; readonly faults: readonly string[] };
}

/** Opens a world with `env` for every process, and so many seconds for the last stage. */
export async function openFailuresWorld(
  env: Record<string, string> = {},
  hurrySeconds = 60,
): Promise<FailuresWorld> {
  const nats = await startTestNats({ signIn: true });
  const folder = temporaryFolder("failures");
  const file = join(folder.path, "playbook.yaml");
  writeFileSync(file, JSON.stringify(withHurry(hurrySeconds)));
  const loop = await openLoopWorld(nats, { BATON_PLAYBOOK: file, ...env });
  const check = await openStandingCheck(loop.mesh);
  const seen = { looks: 0, faults: new Set<string>() };
  const timer = setInterval(() => {
    seen.looks += 1;
    for (const fault of check.findUnsettled(Date.now())) seen.faults.add(fault);
  }, 100);
  const lanes: SpawnedService[] = [];
  const measured: string[] = [];
  return {
    nats,
    loop,
    submit: (name, stages) => loop.submit({ name, ...stages }),
    startLane: (stage, more = {}) => {
      const lane = spawnLane(nats, { stage, lane: LANE_OF[stage] }, { ...env, ...more });
      lanes.push(lane);
      return lane;
    },
    until: (candidateId, reason) =>
      eventually(
        async () => {
          const last = await loop.mesh.journal.last(candidateId);
          return last?.entry.reason === reason ? last : undefined;
        },
        { what: reason, withinMs: 60_000 },
      ),
    reasons: async (candidateId) =>
      (await loop.mesh.journal.history(candidateId)).map(({ entry }) => entry.reason),
    resume: async (candidateId) => {
      await loop.send({ type: "resume", candidateId, by: "operator", why: "mended" });
    },
    measure: (what, ms) => void measured.push(`${what}: ${(ms / 1000).toFixed(2)} s`),
    unsettled: () => ({ looks: seen.looks, faults: [...seen.faults] }),
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      check.stop();
      // One that stands still would neither stop nor be killed by a polite signal.
      await Promise.all(lanes.map((lane) => lane.sigkill()));
      await loop[Symbol.asyncDispose]();
      await nats.stop();
      folder.remove();
      if (process.env["BATON_MEASURE"] === "1") process.stdout.write(`${measured.join("\n")}\n`);
    },
  };
}

function spawnLane(
  nats: TestNats,
  of: { stage: string; lane: OwnLane },
  env: Record<string, string>,
): SpawnedService {
  return spawnService(FAULTY_LANE, {
    BATON_NATS_URL: nats.url,
    BATON_NATS_SEED_FILE: nats.seedFileOf(of.lane),
    BATON_LANE: of.lane,
    BATON_STAGE: of.stage,
    BATON_LANE_CAPACITY: "1",
    BATON_ACK_WAIT_MS: "1500",
    BATON_MAX_DELIVER: "5",
    BATON_RETRY_JITTER: "0",
    BATON_SHUTDOWN_GRACE_MS: "1000",
    ...env,
  });
}

/** Milliseconds from when one entry was decided to another. */
export function between(from: StoredEntry, to: StoredEntry): number {
  return Date.parse(to.entry.time) - Date.parse(from.entry.time);
}

/** The latest dispatch of a stage. */
export function dispatchOf(
  world: FailuresWorld,
  candidateId: string,
  stage: FailureStage,
): Promise<StoredEntry> {
  return eventually(
    async () =>
      (await world.loop.mesh.journal.history(candidateId)).findLast(
        ({ entry }) => entry.stage === stage && entry.awaits === 0,
      ),
    { what: `${stage} dispatched`, withinMs: 20_000 },
  );
}
