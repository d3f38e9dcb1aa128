/** Wires the coordinator to its service: intakes, deadline sweep, readiness, counters. */
import type { Mesh } from "@baton/mesh";
import type { ServiceContext } from "@baton/service";
import { createRunSampler } from "@baton/telemetry";

import type { CoordinatorConfig } from "./config.ts";
import { type Coordinator, openCoordinator } from "./coordinator.ts";
import { type Deadlines, openDeadlines } from "./deadlines.ts";
import { startIntakes } from "./intakes.ts";
import { readPeople } from "./people.ts";
import { openPlaybookShelf } from "./playbook-shelf.ts";

const SILENT_MS = 15_000;

/** Starts coordinating; returns when everything runs. Throws `StartFailure` for a playbook that can't be used. */
export async function serveCoordinator(
  service: ServiceContext<CoordinatorConfig>,
  mesh: Mesh,
): Promise<void> {
  const { config, log, meter } = service;
  const playbooks = await openPlaybookShelf(config.BATON_PLAYBOOK, mesh.artifacts);
  log.info({ playbook: playbooks.current.digest, file: config.BATON_PLAYBOOK }, "playbook loaded");
  const file = config.BATON_PEOPLE;
  const people = file === undefined ? undefined : await readPeople(file);
  if (people) log.info({ keys: people.size, file }, "key registry loaded");
  else
    log.warn(
      "no key registry (BATON_PEOPLE): whoever reaches the server is believed to be who they say",
    );
  const entries = meter.createCounter("baton_journal_entries", {
    description: "Entries appended, by reason",
  });
  const fenced = meter.createCounter("baton_fence_conflicts", {
    description: "Appends refused by the fence",
  });
  const others = meter.createCounter("baton_messages", {
    description: "Messages that led to no entry, by what became of them",
  });
  const deadlines = openDeadlines(mesh);
  const coordinator = openCoordinator({
    mesh,
    playbooks,
    log,
    tracer: service.tracer,
    cacheBytes: config.BATON_CACHE_MB * 2 ** 20,
    onFenced: () => fenced.add(1),
    onAppended: (stored) => {
      deadlines.note(stored);
      entries.add(1, { reason: stored.entry.reason, stage: stored.entry.stage });
    },
  });
  const workers = startIntakes({
    mesh,
    coordinator,
    people,
    log,
    sampler: createRunSampler({ perSecond: config.BATON_TRACES_PER_SECOND, now: Date.now }),
    count: (what, stream) => others.add(1, { what, stream }),
  });
  service.onShutdown("intakes", async () => {
    const graceMs = config.BATON_SHUTDOWN_GRACE_MS * 0.6;
    await Promise.all(workers.map((worker) => worker.stop(graceMs)));
  });
  service.registerCheck("server", () => answer(mesh.trouble()));
  service.registerCheck("intakes", () => {
    const silent = Math.max(...workers.map((worker) => worker.silentMs()));
    return answer(
      silent > SILENT_MS
        ? `nothing heard of a consumer for ${Math.round(silent / 1000)} s`
        : undefined,
    );
  });
  await deadlines.catchUp(service.signal);
  sweep(service, { coordinator, deadlines });
}

function sweep(
  service: ServiceContext<CoordinatorConfig>,
  { coordinator, deadlines }: { coordinator: Coordinator; deadlines: Deadlines },
): void {
  const { config, log, signal } = service;
  const due = setInterval(() => {
    for (const candidateId of deadlines.takeDue(Date.now())) {
      coordinator.settle(candidateId, { kind: "deadline" }).catch((error: unknown) => {
        log.error({ candidateId, err: error }, "deadline not handled; tried again later");
      });
    }
  }, config.BATON_SWEEP_MS);
  const resync = setInterval(() => {
    deadlines
      .catchUp(signal)
      .catch((error: unknown) => log.warn({ err: error }, "deadlines not caught up"));
  }, config.BATON_RESYNC_MS);
  service.onShutdown("deadline sweep", async () => {
    clearInterval(due);
    clearInterval(resync);
  });
}

function answer(trouble: string | undefined): { ok: true } | { ok: false; reason: string } {
  return trouble === undefined ? { ok: true } : { ok: false, reason: trouble };
}
