/** Candidates to which everything has happened that a journal can tell, on the small playbook of `openLoopWorld`. */
import { done, StageFailure, type StageWork } from "@baton/lanekit";
import { eventually } from "@baton/testkit";

import { failCheck, type LoopWorld, passCheck } from "./loop-world.ts";

/** Candidate ids by what became of them. */
export type Candidates = Record<
  "approved" | "waiting" | "looped" | "flaky" | "held" | "lifted" | "rerun" | "broken" | "running",
  string
>;

const released = new Map<string, () => void>();

const make: StageWork = async (context) => {
  const { spec, candidateId, attempt, signal } = context;
  if (spec["does"] === "fail") {
    throw new StageFailure({
      class: "deterministic",
      code: "E_ON_PURPOSE",
      message: "failed on purpose",
      action: "Mend it.",
    });
  }
  if (spec["does"] === "break") throw new Error("connection reset");
  if (spec["does"] === "flaky" && attempt === 1) throw new Error("connection reset");
  if (spec["does"] === "wait") {
    await new Promise<void>((resolve) => {
      released.set(candidateId, resolve);
      signal.addEventListener("abort", () => resolve());
    });
  }
  await context.put("make/output.txt", new TextEncoder().encode(`made for ${candidateId}`));
  return done("made");
};

/** Starts the lanes, and returns when every candidate stands where it shall. */
export async function tellCandidates(world: LoopWorld): Promise<Candidates> {
  world.startLanes({
    make,
    check: (context) => (context.spec["gate"] === "fail" ? failCheck(context) : passCheck(context)),
  });
  const [approved, waiting, looped, flaky, held, lifted, rerun, broken, running] =
    await Promise.all([
      approve(world),
      ends(world, { needs: "approval", name: "waiting" }, "APPROVAL_REQUIRED"),
      ends(world, { gate: "fail", name: "looped" }, "GATE_FAILED"),
      ends(world, { does: "flaky", name: "flaky" }, "COMPLETED"),
      hold(world, "held"),
      lift(world),
      runAgain(world),
      ends(world, { does: "break", name: "broken" }, "RETRIES_EXHAUSTED"),
      run(world, "running"),
    ]);
  return { approved, waiting, looped, flaky, held, lifted, rerun, broken, running };
}

async function ends(
  world: LoopWorld,
  spec: Record<string, unknown>,
  reason: string,
): Promise<string> {
  const candidateId = await world.submit(spec);
  await world.until(candidateId, reason, (entry) => entry.reason === reason);
  return candidateId;
}

async function approve(world: LoopWorld): Promise<string> {
  const candidateId = await ends(
    world,
    { needs: "approval", name: "approved" },
    "APPROVAL_REQUIRED",
  );
  await world.send({ type: "approve", candidateId, by: "other", why: "read it" });
  await world.until(candidateId, "closed", (entry) => entry.holder === "closed");
  return candidateId;
}

async function run(world: LoopWorld, name: string): Promise<string> {
  const candidateId = await world.submit({ does: "wait", name });
  await eventually(() => released.has(candidateId), { what: `${name} runs`, withinMs: 20_000 });
  return candidateId;
}

async function hold(world: LoopWorld, name: string): Promise<string> {
  const candidateId = await run(world, name);
  await world.send({ type: "pause", candidateId, by: "operator", why: "looking" });
  released.get(candidateId)?.();
  await world.until(candidateId, "kept", (entry) => entry.kept !== null);
  return candidateId;
}

async function lift(world: LoopWorld): Promise<string> {
  const candidateId = await hold(world, "lifted");
  await world.send({ type: "resume", candidateId, by: "operator", why: "fine" });
  await world.until(candidateId, "closed", (entry) => entry.holder === "closed");
  return candidateId;
}

async function runAgain(world: LoopWorld): Promise<string> {
  const spec = { does: "fail", name: "run again" };
  const candidateId = await ends(world, spec, "DETERMINISTIC_FAILURE");
  await world.send({ type: "resume", candidateId, by: "operator", why: "mended" });
  await world.until(
    candidateId,
    "failed again",
    ({ holder, iteration }) => holder === "review" && iteration === 1,
  );
  await world.send({ type: "cancel", candidateId, by: "operator", why: "no use" });
  return candidateId;
}
