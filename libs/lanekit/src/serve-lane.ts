import type { Failure, Lane } from "@baton/contracts";
import type { Log, Tracer } from "@baton/telemetry";

import type { LaneDefinition } from "./define-lane.ts";
import type { ArtifactStore, Inbox, JournalReader, ReportStore } from "./ports.ts";
import { runLane } from "./run-lane.ts";

/** What is well may be remarked on, too. */
type CheckAnswer = { ok: true; reason?: string } | { ok: false; reason: string };

/** The part of a service's shell that a lane uses. */
export interface LaneService {
  readonly config: {
    readonly BATON_LANE_CAPACITY: number;
    readonly BATON_RETRY_SCALE: number;
    readonly BATON_RETRY_JITTER: boolean;
    readonly BATON_ACK_WAIT_MS: number;
    readonly BATON_SHUTDOWN_GRACE_MS: number;
  };
  readonly log: Log;
  readonly tracer: Tracer;
  readonly signal: AbortSignal;
  registerCheck(name: string, check: () => CheckAnswer): void;
  onShutdown(name: string, step: () => Promise<void>): void;
  mount(app: { fetch(request: Request): Response }): void;
}

/** Where a lane runs what isn't Baton's own code. */
export interface LaneSandbox {
  readonly setting: "required" | "off";
  /** Why nothing can be run in it now. */
  trouble(): Pick<Failure, "message" | "action"> | undefined;
}

/** The part of the mesh that a lane uses. */
export interface LaneMesh extends AsyncDisposable {
  readonly reports: ReportStore;
  readonly journal: JournalReader;
  readonly artifacts: ArtifactStore;
  laneInbox(lane: Lane): Inbox;
  trouble(): string | undefined;
  /** What was met that only a newer release can work on. */
  readonly newer: { reason(): string | undefined };
}

/**
 * Runs a lane as a service: readiness, `GET /attempts` (what it works on right now), and a stop that hands back what runs
 * before the connection closes.
 */
export function serveLane(
  definition: LaneDefinition,
  parts: { service: LaneService; mesh: LaneMesh; sandbox?: LaneSandbox },
): void {
  const { service, mesh, sandbox } = parts;
  const { config } = service;
  // It stands in every line about an attempt.
  const log = sandbox?.setting === "off" ? service.log.child({ sandbox: "off" }) : service.log;
  if (log !== service.log)
    log.warn("the sandbox is off: what isn't Baton's own code runs unprotected");
  service.onShutdown("mesh", async () => mesh[Symbol.asyncDispose]());
  const lane = runLane(definition, {
    inbox: mesh.laneInbox(definition.lane),
    reports: mesh.reports,
    journal: mesh.journal,
    artifacts: mesh.artifacts,
    log,
    tracer: service.tracer,
    signal: service.signal,
    capacity: config.BATON_LANE_CAPACITY,
    heartbeatMs: Math.floor(config.BATON_ACK_WAIT_MS / 3),
    retryScale: config.BATON_RETRY_SCALE,
    jitter: config.BATON_RETRY_JITTER ? Math.random : () => 1,
    graceMs: Math.floor(config.BATON_SHUTDOWN_GRACE_MS * 0.6),
  });
  service.onShutdown("lane", () => lane.stop());
  service.registerCheck("server", () => answer(mesh.trouble()));
  service.registerCheck("intake", () => answer(lane.trouble()));
  if (sandbox) service.registerCheck("sandbox", () => sandboxAnswer(sandbox));
  service.registerCheck("away", () => {
    const reason = lane.away();
    const open = "something is away, and who needs it waits";
    return reason === undefined ? { ok: true } : { ok: false, reason, open };
  });
  service.registerCheck("deliveries", () => {
    const reason = lane.unanswered();
    const open = "deliveries that can't be answered";
    return reason === undefined ? { ok: true } : { ok: true, reason, open };
  });
  service.registerCheck("release", () => {
    // Degraded, not unready: everything else goes on.
    const reason = mesh.newer.reason();
    const open = "something waits for a newer release";
    return reason === undefined ? { ok: true } : { ok: true, reason, open };
  });
  service.mount({
    fetch: (request) =>
      new URL(request.url).pathname === "/attempts"
        ? Response.json(lane.attempts())
        : new Response("not found\n", { status: 404 }),
  });
}

function sandboxAnswer(sandbox: LaneSandbox): CheckAnswer {
  const trouble = sandbox.trouble();
  if (trouble) return { ok: false, reason: `${trouble.message}. ${trouble.action}` };
  return sandbox.setting === "required"
    ? { ok: true }
    : { ok: true, reason: "switched off (BATON_SANDBOX): strategies run unprotected" };
}

function answer(trouble: string | undefined): { ok: true } | { ok: false; reason: string } {
  return trouble === undefined ? { ok: true } : { ok: false, reason: trouble };
}
