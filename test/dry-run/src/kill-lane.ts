/** Kills lane C exactly while it works on a candidate, as seen by its own list of attempts. */
import { setTimeout as delay } from "node:timers/promises";

import { type MeshState, readerHeaders } from "@baton/client";
import type { RunningMesh } from "@baton/local-mesh";
import { z } from "zod";

import { NotInTime } from "./journal-board.ts";

/** A lane that was killed. */
export interface Kill {
  readonly lane: "lane-c";
  readonly pid: number;
  readonly stage: string;
  /** What it was busy with, in its own words. */
  readonly step: string;
  /** How long it had worked on it, in milliseconds. */
  readonly workedMs: number;
  readonly at: string;
  /** Process that took its place, and after how long it was ready, in milliseconds. */
  readonly replacedBy: number;
  readonly backMs: number;
}

const Attempts = z.array(
  z.object({
    candidateId: z.string(),
    stage: z.string(),
    startedAt: z.iso.datetime(),
    progressAt: z.iso.datetime(),
    step: z.string(),
  }),
);
type Attempt = z.infer<typeof Attempts>[number];

const LOOK_EVERY_MS = 15;
/** By far the longest step of this candidate's backtest; it has to be well under way. */
const STEP = "bootstrap";
const INTO_STEP_MS = 250;

/** Whom the kill shall hit. */
export interface Target {
  readonly candidateId: string;
  /** True once its backtest has been answered. */
  readonly isOver: () => boolean;
}

/** Waits until lane C is in the middle of the candidate's backtest, kills it, and waits until it's back. */
export async function killInTheMiddle(
  mesh: RunningMesh,
  target: Target,
  signal: AbortSignal,
): Promise<Kill> {
  const lane = mesh.service("lane-c");
  const attempt = await untilBusy(mesh, target, signal);
  const pid = lane.pid();
  if (pid === undefined) throw new NotInTime("lane-c ended by itself before it could be killed");
  const killedMs = Date.now();
  lane.kill("SIGKILL");
  while (lane.pid() === pid && !signal.aborted) await delay(LOOK_EVERY_MS);
  await lane.whenReady();
  return {
    lane: "lane-c",
    pid,
    stage: attempt.stage,
    step: attempt.step,
    workedMs: killedMs - Date.parse(attempt.startedAt),
    at: new Date(killedMs).toISOString(),
    replacedBy: lane.pid() ?? 0,
    backMs: Date.now() - killedMs,
  };
}

async function untilBusy(
  mesh: RunningMesh,
  { candidateId, isOver }: Target,
  signal: AbortSignal,
): Promise<Attempt> {
  for (;;) {
    if (signal.aborted) throw new NotInTime(`lane-c working on ${candidateId} wasn't seen`);
    if (isOver()) throw new NotInTime("the backtest was over before lane-c could be killed");
    const attempt = await attemptOn(mesh.state(), candidateId, signal).catch(() => undefined);
    const intoStep = attempt ? Date.now() - Date.parse(attempt.progressAt) : 0;
    if (attempt?.step === STEP && intoStep >= INTO_STEP_MS) return attempt;
    await delay(LOOK_EVERY_MS);
  }
}

async function attemptOn(
  { addresses, dataDir }: Pick<MeshState, "addresses" | "dataDir">,
  candidateId: string,
  signal: AbortSignal,
): Promise<Attempt | undefined> {
  const address = addresses["lane-c"] ?? "";
  const response = await fetch(`${address}/attempts`, { headers: readerHeaders(dataDir), signal });
  const attempts = Attempts.parse(await response.json());
  return attempts.find((one) => one.candidateId === candidateId);
}
