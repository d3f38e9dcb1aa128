import { setTimeout as sleep } from "node:timers/promises";

import type { LimitBook } from "@baton/brokerage";
import { GitError } from "@baton/gitops";
import type { ServiceContext } from "@baton/service";

import type { BrokerSwitch } from "./broker-switch.ts";
import type { BrokerWatch } from "./broker-watch.ts";
import { createMatters } from "./matters.ts";
import type { MeshStop } from "./mesh-stop.ts";
import { createReconciler, type Reconciler, type ReconcilerOptions } from "./reconciler.ts";
import { createStatusApp } from "./status-app.ts";
import { countTroubles, endingText, troublesIn } from "./troubles.ts";

/** After this long without a successful look at the repository the service is not ready, in milliseconds. */
const MAX_SILENCE_MS = 10_000;

/** What the engine is run with. */
export interface EngineOptions {
  readonly service: Pick<
    ServiceContext,
    "mount" | "registerCheck" | "markStarted" | "log" | "signal" | "meter"
  >;
  readonly reconciler: Omit<ReconcilerOptions, "now" | "stop">;
  readonly mesh: Pick<MeshStop, "stop" | "sequence" | "killSwitch">;
  readonly brokerSwitch: Pick<BrokerSwitch, "state" | "problem">;
  readonly brokerWatch: Pick<BrokerWatch, "stop" | "problem">;
  readonly pollMs: number;
}

/** Reconciles until the service stops. A repository or broker that doesn't answer makes it unready, never end. */
export async function runEngine({
  service,
  reconciler: options,
  mesh,
  brokerSwitch,
  brokerWatch,
  pollMs,
}: EngineOptions): Promise<void> {
  const { log, signal } = service;
  const now = () => performance.now();
  const reconciler = createReconciler({
    ...options,
    stop: () => mesh.stop() ?? brokerWatch.stop(),
    now,
  });
  let readAt: number | undefined;
  let gitProblem = "the repository wasn't read yet";
  const status = () => ({
    ...reconciler.status(),
    controls: {
      sequence: mesh.sequence(),
      stop: reconciler.stop(),
      brokerSwitch: brokerSwitch.state(),
    },
  });
  service.mount(createStatusApp(() => (readAt === undefined ? undefined : status())));
  service.registerCheck("gitops", () =>
    readAt !== undefined && now() - readAt < MAX_SILENCE_MS
      ? { ok: true }
      : { ok: false, reason: gitProblem || "the last look at it takes too long" },
  );
  registerChecks(service, { reconciler, mesh, brokerSwitch, brokerWatch, limits: options.limits });
  while (!signal.aborted) {
    try {
      await reconciler.round();
      readAt = now();
      if (gitProblem !== "") log.info("the repository is read");
      gitProblem = "";
      service.markStarted();
    } catch (error) {
      if (signal.aborted) return;
      // The next round may find it mended; anything else isn't.
      if (!(error instanceof GitError)) throw error;
      const problem = error instanceof Error ? error.message : "the repository can't be read";
      // Once per problem, not once per look.
      if (problem !== gitProblem) log.warn({ err: error }, "the repository can't be read");
      gitProblem = problem;
    }
    await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
}

/** What can go wrong beside reading the repository. */
function registerChecks(
  service: Pick<EngineOptions["service"], "registerCheck" | "meter">,
  {
    reconciler,
    mesh,
    brokerSwitch,
    brokerWatch,
    limits,
  }: Pick<EngineOptions, "mesh" | "brokerSwitch" | "brokerWatch"> & {
    readonly reconciler: Reconciler;
    readonly limits: LimitBook;
  },
): void {
  const matters = createMatters(() => reconciler.mainProblem());
  service.registerCheck("main", () => {
    const reason = reconciler.mainProblem();
    const open = "main isn't followed without reserve, so nothing is increased";
    return reason === null ? { ok: true } : { ok: false, reason, open };
  });
  service.registerCheck("journal", () => {
    const reason = reconciler.journalProblem();
    const open = "the journal can't be asked what it accounts for, so nothing new is increased";
    return reason === null ? { ok: true } : { ok: false, reason, open };
  });
  service.registerCheck("broker", () => {
    const reason = reconciler.brokerProblem() ?? brokerSwitch.problem() ?? brokerWatch.problem();
    const open = "the broker can't be asked, or doesn't do what it is told";
    return reason === null ? { ok: true } : { ok: false, reason, open };
  });
  // Said, but no reason to count as not ready: one strategy's trouble isn't the others'.
  service.registerCheck("strategies", () => {
    const now = reconciler.status();
    const troubles = troublesIn(now);
    const open = `people have to look at ${troubles.length} of what runs`;
    const told = { open, matters: matters(now) };
    return troubles.length === 0
      ? { ok: true, ...told }
      : { ok: true, reason: troubles.join("; "), ...told };
  });
  service.registerCheck("limits", () => {
    const ending = limits.ending().map(endingText);
    const open = `${ending.length} raised limits end or are over`;
    return ending.length === 0 ? { ok: true } : { ok: true, reason: ending.join("; "), open };
  });
  countTroubles(service.meter, () => reconciler.status());
  // Engaged is no trouble: it does what it was asked for.
  service.registerCheck("controls", () => {
    const reason = mesh.killSwitch() ? null : mesh.stop();
    return reason === null ? { ok: true } : { ok: false, reason };
  });
}
