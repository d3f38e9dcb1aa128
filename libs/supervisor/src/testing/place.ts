import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { awaitHttpReady, forgetAddress, readAddress } from "../http-readiness.ts";
import { answersHttp, type Liveness } from "../liveness.ts";
import { spawnProcess } from "../managed-process.ts";
import type { RestartPolicy } from "../restart-policy.ts";
import { type ServiceEvent, supervise, type Supervised } from "../supervise.ts";

/** Without the pauses that people would want. */
export const HASTY: RestartPolicy = {
  initialMs: 1,
  multiplier: 2,
  maxMs: 8,
  steadyMs: 60_000,
  startAttempts: 3,
  finalCodes: [3],
};

/** Supervises the program beside this file, which behaves as `manners` say. */
export function superviseProgram(
  dir: string,
  manners: readonly string[],
  readyWithinMs = 10_000,
  liveness?: Pick<Liveness, "everyMs" | "misses">,
): { supervised: Supervised; events: ServiceEvent[]; logFile: string } {
  const addressFile = join(dir, "address");
  const logFile = join(dir, "program.log");
  const events: ServiceEvent[] = [];
  const supervised = supervise(
    {
      name: "program",
      launch: () => {
        forgetAddress(addressFile);
        return spawnProcess({
          file: process.execPath,
          args: [join(import.meta.dirname, "program.ts"), addressFile, ...manners],
          env: {},
          cwd: dir,
          logFile,
        });
      },
      untilReady: async (signal) => {
        // A test's time limit is about the answer, not about how long a busy machine takes to start a process.
        while (readAddress(addressFile) === undefined) await delay(10, undefined, { signal });
        await awaitHttpReady({ addressFile, withinMs: readyWithinMs, signal });
      },
      ...(liveness && {
        liveness: { ...liveness, isAlive: () => answersHttp(addressFile, 300) },
      }),
    },
    { policy: HASTY, onEvent: (event) => events.push(event) },
  );
  return { supervised, events, logFile };
}
