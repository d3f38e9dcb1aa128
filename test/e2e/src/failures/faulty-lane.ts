/** A lane process whose stages do what the candidate's specification says: real handlers that go wrong in a real process. */
import { LANES } from "@baton/contracts";
import {
  defineLane,
  done,
  runProgram,
  serveLane,
  type StageContext,
  StageFailure,
  type StageOutcome,
} from "@baton/lanekit";
import { openMesh } from "@baton/mesh";
import { LaneServiceConfig, meshOptionsOf, runService } from "@baton/service";
import { z } from "zod";

import { Behaviour, Behaviours } from "./behaviour.ts";

const FaultyConfig = LaneServiceConfig.extend({
  BATON_LANE: z.enum(LANES),
  BATON_STAGE: z.string().min(1),
});

async function work(context: StageContext): Promise<StageOutcome> {
  const { stage, candidateId, attempt, spec, iteration } = context;
  const said = Behaviours.parse(spec[`${stage}@${iteration}`] ?? spec[stage] ?? { does: "pass" });
  const list = Array.isArray(said) ? said : [said];
  const behaviour = Behaviour.parse(list[Math.min(attempt, list.length) - 1]);
  context.progress(behaviour.does);
  await behave(context, behaviour);
  await context.put(`${stage}/output.txt`, new TextEncoder().encode(`${stage} of ${candidateId}`));
  if (behaviour.does === "freeze") freeze();
  return done(`${stage} did ${behaviour.does}`);
}

async function behave(context: StageContext, behaviour: Behaviour): Promise<void> {
  switch (behaviour.does) {
    case "pass":
    case "freeze":
      return;
    case "fail": {
      const { class: kind, code, message } = behaviour;
      throw new StageFailure({ class: kind, code, message, action: "Mend it." });
    }
    case "throw":
      throw new Error(behaviour.message);
    case "program":
      await runProgram(context, { command: "/bin/sh", args: ["-c", behaviour.script] });
      return;
    case "hang":
      await new Promise(() => undefined);
      return;
    case "wait":
      await new Promise((_, reject) => {
        context.signal.addEventListener("abort", () => reject(new Error("aborted")));
      });
      return;
    case "work":
      await keepWorking(context, behaviour.ms);
      return;
    case "exit":
      return process.exit(behaviour.code);
    case "die":
      process.kill(process.pid, "SIGKILL");
      await new Promise(() => undefined);
      return;
    case "read":
      await context.read(behaviour.name);
      return;
  }
}

async function keepWorking(context: StageContext, ms: number): Promise<void> {
  const until = Date.now() + ms;
  while (Date.now() < until) {
    context.signal.throwIfAborted();
    context.progress("still at it");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Stops the whole process; whoever continues it finds it right here, before any timer has had its turn. */
function freeze(): void {
  process.kill(process.pid, "SIGSTOP");
  // The signal may take a moment to stop this thread too.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
}

await runService({
  name: "faulty-lane",
  config: FaultyConfig,
  start: async (service) => {
    const { BATON_LANE: lane, BATON_STAGE: stage } = service.config;
    const mesh = await openMesh({ ...meshOptionsOf({ ...service, name: lane }), storesAs: lane });
    serveLane(defineLane({ lane, stages: { [stage]: work } }), { service, mesh });
  },
});
