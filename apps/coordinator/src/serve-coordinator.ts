/** Wires the coordinator to its service: intakes, sweeps, readiness, counters. */
import { type Lane, type StoredEntry, STREAMS } from "@baton/contracts";
import { askHealth, type Mesh, type PullWorker } from "@baton/mesh";
import type { People } from "@baton/people";
import type { Playbook } from "@baton/playbook";
import { EXIT, type ServiceContext, StartFailure } from "@baton/service";
import { createRunSampler, createTally, type Log, type Meter } from "@baton/telemetry";

import type { CoordinatorConfig } from "./config.ts";
import { openControlRoom } from "./control-room.ts";
import { type Coordinator, openCoordinator } from "./coordinator.ts";
import type { HistoryKeeper } from "./history-keeper.ts";
import { identityOf } from "./identity.ts";
import { startIntakes } from "./intakes.ts";
import { type JournalWatch, openJournalWatch } from "./journal-watch.ts";
import { standStill } from "./loss-room.ts";
import { NeedsNewer } from "./needs-newer.ts";
import { openOutageWatch } from "./outage-watch.ts";
import { openPlaybookShelf } from "./playbook-shelf.ts";
import { openRoll } from "./roll.ts";
import { openSweepList } from "./sweep-list.ts";
import { openWorkerWatch } from "./worker-watch.ts";

const SILENT_MS = 15_000;
/** What is under way when history is found lost may end so long. */
const HALT_MS = 2000;

/** Lanes are looked at several times within the silence that counts, but not all the time. */
const LOOK_MS = { min: 250, max: 5000 };

/** Starts coordinating; returns when everything runs. */
export async function serveCoordinator(
  service: ServiceContext<CoordinatorConfig>,
  on: { mesh: Mesh; playbook: Playbook; history: HistoryKeeper; people: () => People | undefined },
): Promise<void> {
  const { mesh, playbook, history, people } = on;
  const { config, log, meter } = service;
  const playbooks = await openPlaybookShelf(playbook, mesh.artifacts);
  log.info({ playbook: playbooks.current.digest, file: config.BATON_PLAYBOOK }, "playbook loaded");
  const count = countersOf(meter);
  const watch = openJournalWatch(mesh);
  const roll = openRoll(watch, (digest) => playbooks.known(digest));
  const controls = openControlRoom(service, {
    mesh,
    roll,
    history,
    playbook,
    catchUp: () => watch.catchUp(service.signal),
    settle: (candidateId, happening) => coordinator.settle(candidateId, happening),
  });
  const coordinator = openCoordinator({
    mesh,
    controls: controls.watch,
    history,
    playbooks,
    log,
    cacheBytes: config.BATON_CACHE_MB * 2 ** 20,
    onFenced: count.fenced,
    onNewer: (needs) => noteOther(mesh, log, needs),
    onAppended: (stored) => {
      watch.note(stored);
      count.appended(stored);
    },
  });
  await controls.watch.refresh();
  const workers = startIntakes({
    mesh,
    coordinator,
    controls: controls.desk,
    ...identityOf(service, mesh.name),
    people,
    log,
    sampler: createRunSampler({ perSecond: config.BATON_TRACES_PER_SECOND, now: Date.now }),
    count: count.other,
  });
  superviseIntakes(service, mesh, workers);
  await watch.catchUp(service.signal);
  controls.start();
  const endSweeps = sweep(service, { mesh, coordinator, watch });
  const halt = async (): Promise<void> => {
    endSweeps();
    controls.stop();
    await Promise.all(workers.map((worker) => worker.stop(HALT_MS)));
  };
  watchHistory(service, on, halt);
}

function noteOther({ newer }: Mesh, log: Log, { code, message: why }: NeedsNewer): void {
  const kind = code === "E_ENTRY_OLDER" ? "older entry" : "entry";
  if (newer.note(kind, why)) log.warn({ why, code }, "a candidate needs another release");
}

/** When something of the history is lost, this coordinator halts, stands still, and begins anew when that is over. */
function watchHistory(
  service: ServiceContext<CoordinatorConfig>,
  { mesh, playbook, history, people }: Parameters<typeof serveCoordinator>[1],
  halt: () => Promise<void>,
): void {
  const standAside = async (): Promise<void> => {
    await halt();
    await standStill(service, { mesh, keeper: history, playbook, people });
    throw restartNeeded();
  };
  history.start(() => {
    standAside().catch((error: unknown) => {
      if (!service.signal.aborted) service.fail(error);
    });
  });
  service.onShutdown("history", async () => history.stop());
}

/** What was decided on a history that is gone is in this process's memory: it begins anew. */
function restartNeeded(): StartFailure {
  return new StartFailure({
    code: "E_LOG_RESET",
    // It does so on purpose: for whoever watches over it this is no fault.
    exitCode: EXIT.ok,
    message: "history was lost, and is back or accepted as lost: the coordinator begins anew",
    action:
      "Start it again, unless something does so by itself; `baton doctor` says how things stand",
  });
}

function superviseIntakes(
  service: ServiceContext<CoordinatorConfig>,
  mesh: Mesh,
  workers: readonly PullWorker[],
): void {
  const { config } = service;
  service.onShutdown("intakes", async () => {
    const graceMs = config.BATON_SHUTDOWN_GRACE_MS * 0.6;
    await Promise.all(workers.map((worker) => worker.stop(graceMs)));
  });
  service.registerCheck("server", () => {
    const said = answer(mesh.trouble());
    return said.ok || mesh.connected() ? said : { ...said, code: "E_UNAVAILABLE" };
  });
  service.registerCheck("writes", () => answer(mesh.pulse?.trouble()));
  service.registerCheck("release", () => {
    // Degraded, not unready: what this release can decide goes on.
    const reason = mesh.newer.reason();
    const open = "something waits for a newer release";
    return reason === undefined ? { ok: true } : { ok: true, reason, open };
  });
  service.registerCheck("intakes", () => {
    const silent = Math.max(...workers.map((worker) => worker.silentMs()));
    return answer(
      silent > SILENT_MS
        ? `nothing heard of a consumer for ${Math.round(silent / 1000)} s`
        : undefined,
    );
  });
}

function countersOf(meter: Meter) {
  const entries = createTally(meter, "baton_journal_entries", {
    description: "Entries appended, by reason",
    labels: ["reason", "stage"],
  });
  const fenced = meter.createCounter("baton_fence_conflicts", {
    description: "Appends refused by the fence",
  });
  const others = meter.createCounter("baton_messages", {
    description: "Messages that led to no entry, by what became of them",
  });
  return {
    appended: ({ entry: { reason, stage } }: StoredEntry) => entries.add({ reason, stage }),
    fenced: () => fenced.add(1),
    other: (what: string, stream: string) => others.add(1, { what, stream }),
  };
}

function sweep(
  service: ServiceContext<CoordinatorConfig>,
  on: { mesh: Mesh; coordinator: Coordinator; watch: JournalWatch },
): () => void {
  const { config, log, signal } = service;
  const { coordinator } = on;
  const standing = openSweepList(on.watch);
  const workers = openWorkerWatch({
    ask: (lane) => on.mesh.jsm.consumers.info(STREAMS.journal.name, lane),
    standing,
    settle: (candidateId, happening) => coordinator.settle(candidateId, happening),
    log,
    noWorkersMs: config.BATON_NO_WORKERS_MS,
    ackWaitMs: config.BATON_ACK_WAIT_MS,
  });
  const outages = openOutageWatch({
    ask: (lanes) => askWhatIsAway(on.mesh, lanes),
    standing,
    settle: (candidateId, happening) => coordinator.settle(candidateId, happening),
    log,
    awayMs: config.BATON_AWAY_MS,
    calmMs: 2 * config.BATON_ACK_WAIT_MS,
  });
  let steadyFromMs = 0;
  const lookMs = Math.min(Math.max(config.BATON_NO_WORKERS_MS / 4, LOOK_MS.min), LOOK_MS.max);
  const timers = [
    setInterval(() => {
      // What lanes had to say while the server was away comes in first: its absence makes no verdict either.
      const nowMs = Date.now();
      if (on.mesh.trouble() !== undefined) steadyFromMs = nowMs + config.BATON_ACK_WAIT_MS;
      if (nowMs < steadyFromMs) return;
      for (const candidateId of standing.takeDue(nowMs)) {
        coordinator.settle(candidateId, { kind: "deadline" }).catch((error: unknown) => {
          if (error instanceof NeedsNewer) return;
          log.error({ candidateId, err: error }, "deadline not handled; tried again later");
        });
      }
    }, config.BATON_SWEEP_MS),
    setInterval(() => {
      on.watch
        .catchUp(signal)
        .catch((error: unknown) => log.warn({ err: error }, "journal not caught up with"));
    }, config.BATON_RESYNC_MS),
    setInterval(() => void workers.look(Date.now()), lookMs),
    setInterval(() => void outages.look(Date.now()), lookMs),
  ];
  const end = (): void => timers.forEach((timer) => clearInterval(timer));
  service.onShutdown("sweeps", async () => end());
  return end;
}

/** Longest that a lane's first answer is waited for, in milliseconds. */
const ANSWER_MS = 2000;

async function askWhatIsAway(
  { nc }: Mesh,
  lanes: readonly Lane[],
): Promise<ReadonlyMap<Lane, boolean | undefined>> {
  const answers = await askHealth(nc, lanes, ANSWER_MS);
  return new Map(
    lanes.map((lane) => {
      const said = answers.get(lane) ?? [];
      const away = said.some(({ checks }) => checks.some(({ name, ok }) => name === "away" && !ok));
      return [lane, said.length === 0 ? undefined : away];
    }),
  );
}

function answer(trouble: string | undefined): { ok: true } | { ok: false; reason: string } {
  return trouble === undefined ? { ok: true } : { ok: false, reason: trouble };
}
