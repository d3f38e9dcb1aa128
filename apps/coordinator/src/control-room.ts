/** Wires the mesh's controls to the coordinator's service: watch, desk, effects, readiness, gauges. */
import { type ControlWatch, type Mesh, watchControls } from "@baton/mesh";
import type { Happening, Playbook } from "@baton/playbook";
import type { ServiceContext } from "@baton/service";

import type { CoordinatorConfig } from "./config.ts";
import { type ControlDesk, openControlDesk } from "./control-desk.ts";
import { openControlEffects } from "./control-effects.ts";
import type { Settled } from "./coordinator.ts";
import type { HistoryKeeper } from "./history-keeper.ts";
import type { Roll } from "./roll.ts";

/** How often the controls are read: the kill switch must stop promotions within a second. */
const READ_MS = 250;
/** How often what they lead to is looked at, changed or not: emergencies end, failed attempts are tried again. */
const LOOK_MS = 1000;
const STALE_MS = 5000;

/** The controls as the coordinator has them. */
export interface ControlRoom {
  readonly watch: ControlWatch;
  readonly desk: ControlDesk;
  /** Ends reading and leading. */
  stop(): void;
  /** Starts making candidates follow; before that nothing is led or lifted. */
  start(): void;
}

/** What it works with. */
export interface ControlRoomParts {
  readonly mesh: Mesh;
  readonly roll: Roll;
  readonly history: HistoryKeeper;
  readonly playbook: Playbook;
  readonly catchUp: () => Promise<void>;
  readonly settle: (candidateId: string, happening: Happening) => Promise<Settled>;
}

/** Opens it; the watch reads from now on. */
export function openControlRoom(
  service: ServiceContext<CoordinatorConfig>,
  { mesh, roll, history, playbook, catchUp, settle }: ControlRoomParts,
): ControlRoom {
  const { log } = service;
  let started = false;
  const look = (): void => {
    if (!started) return;
    effects
      .look()
      .catch((error: unknown) => log.warn({ err: error }, "controls not applied; tried again"));
  };
  const watch = watchControls({
    controls: mesh.controls,
    everyMs: READ_MS,
    onChange: look,
    onTrouble: (error) => log.debug({ err: error }, "controls not read"),
  });
  const desk = openControlDesk({
    controls: mesh.controls,
    watch,
    journal: mesh.journal,
    history,
    playbook,
    recovering: async (incidentId) => {
      // What the incident leads to recovery must be under way before anybody can say that it's through.
      await effects.look();
      await catchUp();
      return roll.recovering(incidentId);
    },
    log,
  });
  const effects = openControlEffects({ watch, desk, roll, catchUp, settle, log });
  observe(service, watch);
  service.registerCheck("controls", () => {
    const ms = watch.agedMs();
    return ms <= STALE_MS
      ? { ok: true }
      : { ok: false, reason: `the mesh's controls weren't read for ${Math.round(ms / 1000)} s` };
  });
  const timer = setInterval(look, LOOK_MS);
  const stop = (): void => {
    started = false;
    clearInterval(timer);
    watch.stop();
  };
  service.onShutdown("controls", async () => stop());
  return {
    watch,
    desk,
    stop,
    start: () => {
      started = true;
      look();
    },
  };
}

function observe({ meter }: ServiceContext<CoordinatorConfig>, watch: ControlWatch): void {
  const gauge = (name: string, description: string, value: () => number): void =>
    meter
      .createObservableGauge(name, { description })
      .addCallback((result) => result.observe(value()));
  const state = () => watch.current()?.controls;
  gauge("baton_kill_switch_engaged", "1 while the kill switch is engaged", () =>
    state()?.killSwitch ? 1 : 0,
  );
  gauge("baton_incidents_open", "Incidents that are open", () => state()?.incidents.length ?? 0);
  gauge(
    "baton_git_tasks_open",
    "Changes made in an emergency that Git doesn't have yet",
    () => state()?.tasks.length ?? 0,
  );
}
