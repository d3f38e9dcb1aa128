/** A people world on a playbook with a promoting stage, a recovery and evidence; stages wait where a test says so. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Controls, type Entry, MESH_ID, type StoredEntry } from "@baton/contracts";
import { done, type StageContext, type StageWork } from "@baton/lanekit";
import { parsePlaybook, type Playbook } from "@baton/playbook";
import { eventually, startTestNats, temporaryFolder, type TestNats } from "@baton/testkit";

import { PLAYBOOK } from "../loop-world.ts";
import { type Json, type KeyName, openPeopleWorld, type PeopleWorld } from "../people-world.ts";

const stage = (name: string, lane: string, more: object = {}): object => ({
  stage: name,
  lane,
  deadlineSeconds: 60,
  ...more,
});
const asked = { approvals: { required: 1, when: { path: "needs", in: ["approval"] } } };

/**
 * `make` (lane-a) -> `prove` (lane-b) -> `shadow-paper` (lane-e, promotes) -> closed; from wherever an incident leads:
 * `recover` (lane-f) -> `audit` (lane-f) -> closed. Names as in Baton's own playbook where the test is about them.
 */
const CONTROLS_PLAYBOOK = {
  ...PLAYBOOK,
  stages: [
    stage("make", "lane-a", { requirePreviousArtifact: false, requirePreviousGatePass: false }),
    stage("prove", "lane-b"),
    stage("shadow-paper", "lane-e", {
      mutableAction: true,
      pass: null,
      incident: "recover",
      ...asked,
    }),
    stage("recover", "lane-f", {
      mutableAction: true,
      requirePreviousGatePass: false,
      pass: "audit",
      fail: null,
    }),
    stage("audit", "lane-f", { requirePreviousGatePass: false, pass: null }),
  ],
  transitions: {
    make: ["prove"],
    prove: ["shadow-paper"],
    "shadow-paper": ["recover"],
    recover: ["audit"],
    audit: [],
  },
  answers: {
    "release-kill-switch": ["risk"],
    incident: ["ops", "risk"],
    emergency: ["ops"],
    "close-incident": ["ops"],
    "close-task": ["ops"],
  },
};

/** What a test works with. */
export interface ControlsWorld extends AsyncDisposable {
  readonly nats: TestNats;
  readonly people: PeopleWorld;
  /** Asks for something of the whole mesh in the name of `key`'s owner. */
  control(key: KeyName, command: Json): ReturnType<PeopleWorld["send"]>;
  /** What the coordinator decides by. */
  readonly playbook: Playbook;
  /** The state of the controls. */
  controls(): Promise<Controls | undefined>;
  /** Submits a candidate whose stages named in `waits` wait until they are let go, those in `fails` don't pass at first. */
  submit(name: string, more?: Json): Promise<string>;
  /** Waits until a stage of the candidate is being worked on. */
  working(candidateId: string, stage: string): Promise<void>;
  /** Lets a stage that waits pass. */
  letGo(candidateId: string, stage: string): void;
  /** Stages that lanes started on, in order. */
  started(candidateId: string): readonly string[];
  until(
    candidateId: string,
    what: string,
    condition: (entry: Entry) => boolean,
  ): Promise<StoredEntry>;
  reason(candidateId: string, reason: Entry["reason"]): Promise<StoredEntry>;
}

/** Opens it on a server of its own. */
export async function openControlsWorld(): Promise<ControlsWorld> {
  const nats = await startTestNats({ signIn: true });
  const folder = temporaryFolder("controls");
  const playbook = join(folder.path, "playbook.yaml");
  writeFileSync(playbook, JSON.stringify(CONTROLS_PLAYBOOK));
  const people = await openPeopleWorld(nats, { BATON_PLAYBOOK: playbook });
  const { loop } = people;
  const waiting = new Map<string, () => void>();
  const started: { candidateId: string; stage: string }[] = [];
  const work: StageWork = async (context) => {
    const { candidateId, stage: name } = context;
    started.push({ candidateId, stage: name });
    if (isNamed(context, "waits")) await waitIn(context, waiting);
    await context.put(`${name}/output.txt`, new TextEncoder().encode(`${name} of ${candidateId}`));
    const again = started.filter((one) => one.candidateId === candidateId && one.stage === name);
    const verdict = isNamed(context, "fails") && again.length === 1 ? "fail" : "pass";
    return done(`${name} is done`, verdict);
  };
  loop.startLane("lane-a", { make: work });
  loop.startLane("lane-b", { prove: work });
  loop.startLane("lane-e", { "shadow-paper": work });
  loop.startLane("lane-f", { recover: work, audit: work });
  const until: ControlsWorld["until"] = (...of) => loop.until(...of);
  return {
    nats,
    people,
    playbook: parsedPlaybook(),
    control: (key, command) => people.send(key, { ...command, candidateId: MESH_ID }),
    controls: async () => (await loop.mesh.controls.last())?.controls,
    submit: (name, more = {}) => people.submit({ name, ...more }),
    working: async (candidateId, name) => {
      await eventually(() => waiting.has(`${candidateId} ${name}`), { what: `${name} at work` });
    },
    letGo: (candidateId, name) => waiting.get(`${candidateId} ${name}`)?.(),
    started: (candidateId) =>
      started.filter((one) => one.candidateId === candidateId).map((one) => one.stage),
    until,
    reason: (candidateId, reason) => until(candidateId, reason, (entry) => entry.reason === reason),
    [Symbol.asyncDispose]: async () => {
      await people[Symbol.asyncDispose]();
      await nats.stop();
      folder.remove();
    },
  };
}

function parsedPlaybook(): Playbook {
  const result = parsePlaybook(CONTROLS_PLAYBOOK);
  if (result.ok) return result.playbook;
  throw new Error(JSON.stringify(result));
}

function isNamed({ spec, stage: name }: StageContext, key: "waits" | "fails"): boolean {
  const names = spec[key];
  return Array.isArray(names) && names.includes(name);
}

async function waitIn(
  { candidateId, stage: name, signal }: StageContext,
  waiting: Map<string, () => void>,
): Promise<void> {
  await new Promise<void>((resolve) => {
    waiting.set(`${candidateId} ${name}`, resolve);
    signal.addEventListener("abort", () => resolve());
  });
}
