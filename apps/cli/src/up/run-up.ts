/** `baton up`: the whole mesh until Ctrl-C. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { isHeldByOther, type MeshDirectory, meshDirectory, POINTER } from "@baton/client";
import { type Identity, type Lane, LANES, OwnLane } from "@baton/contracts";
import {
  describeEvent,
  ensurePeople,
  makeFolders,
  type MeshChoices,
  OTHERS,
  ownKeyFollower,
  PLAN,
  plannedOf,
  ROOT,
  startMesh,
} from "@baton/local-mesh";
import { grpcPortNote } from "@baton/telemetry/otlp-endpoint";
import { type Format, note, stopSignal, write } from "@baton/terminal";
import { printable } from "@baton/text/printable";
import { UserError, EXIT } from "@baton/text/user-error";
import { otlpEnvironment, startTracingUi, type TracingUi } from "@baton/tracing-ui";

import { describeMesh, startingLine } from "./describe-mesh.ts";
import { linkInPolicy } from "./link-in-policy.ts";

/** Options as they were given. */
export interface UpOptions {
  readonly data: string | undefined;
  readonly ephemeral?: boolean;
  readonly syncAlways: boolean;
  readonly port: string;
  readonly httpPort: string;
  readonly monitorPort?: string;
  readonly playbook?: string;
  readonly people?: string;
  readonly without?: readonly string[];
  readonly traces?: boolean;
  readonly drills: boolean;
  readonly sandbox: MeshChoices["sandbox"];
  readonly makeLostRepositories?: boolean;
  readonly format: Format;
}

/** Runs the mesh until SIGINT, SIGTERM or SIGHUP; resolves when everything is stopped. */
export async function runUp(options: UpOptions): Promise<void> {
  const { choices, dispose } = choicesOf(options);
  const { directory } = choices;
  const json = options.format !== "table";
  const tell = (event: object): Promise<void> => write(`${JSON.stringify(event)}\n`);
  using stopping = stopSignal();
  const wrongPort = grpcPortNote(process.env);
  if (wrongPort !== undefined) note(wrongPort);
  const startedMs = performance.now();
  const ui = await tracingUi(options, { folder: directory.root, signal: stopping.signal });
  using progress = startingLine(plannedOf(choices).length + 1, { silent: json });
  let up = false;
  let unfollow = (): void => undefined;
  try {
    const signer = options.people === undefined ? ownPeople(directory) : undefined;
    const mesh = await startMesh(withTraces(choices, ui), {
      signal: stopping.signal,
      log: note,
      pointer: POINTER,
      onEvent: (event) => {
        progress.note(event);
        if (!up || stopping.signal.aborted) return;
        if (json) void tell({ event: "service", ...event });
        else if (event.kind !== "started") note(describeEvent(event));
      },
    });
    up = true;
    if (signer !== undefined) unfollow = followOwnKey(directory, note);
    progress.end();
    const seconds = (performance.now() - startedMs) / 1000;
    await (json
      ? tell({ event: "up", seconds, ...mesh.state() })
      : write(
          describeMesh(mesh.state(), {
            directory,
            seconds,
            people: choices.people,
            signer,
            isSecond: isHeldByOther(POINTER),
            traces: ui?.page,
          }),
        ));
    await stopping.given;
    if (!json) note("stopping …");
    await mesh.stop();
    if (json) await tell({ event: "down" });
  } finally {
    unfollow();
    await ui?.stop();
    dispose();
  }
}

/** The tracing UI that was asked for; it ends with this process, whatever becomes of the mesh. */
async function tracingUi(
  { traces }: Pick<UpOptions, "traces">,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<TracingUi | undefined> {
  if (traces !== true) return undefined;
  return startTracingUi({ folder: join(folder, "traces"), signal, log: note });
}

/** Services are told where OTLP is taken, other commands where a trace is shown. */
function withTraces(choices: MeshChoices, ui: TracingUi | undefined): MeshChoices {
  const { BATON_TRACE_LINK: named, BATON_ESCALATION: policy } = process.env;
  const traceLink = ui?.link ?? named ?? linkInPolicy(policy);
  return { ...choices, traceLink, ...(ui && { env: otlpEnvironment(ui) }) };
}

function choicesOf(options: UpOptions): { choices: MeshChoices; dispose: () => void } {
  const natsPort = portFrom(options.port, "--port");
  const httpPort = portFrom(options.httpPort, "--http-port");
  const monitorPort =
    options.monitorPort === undefined ? undefined : portFrom(options.monitorPort, "--monitor-port");
  refuseOnePortTwice({ natsPort, httpPort, monitorPort });
  const root =
    options.ephemeral === true
      ? mkdtempSync(join(tmpdir(), "baton-mesh-"))
      : resolve(options.data ?? join(ROOT, ".baton/mesh"));
  const directory = meshDirectory(root);
  const choices: MeshChoices = {
    directory,
    people: options.people === undefined ? directory.people : resolve(options.people),
    playbook: resolve(options.playbook ?? join(ROOT, "playbooks/baton.yaml")),
    natsPort,
    httpPort,
    monitorPort,
    syncAlways: options.syncAlways,
    drills: options.drills,
    sandbox: options.sandbox,
    without: new Set((options.without ?? []).map(laneFrom)),
    makesLostRepositories: options.makeLostRepositories === true,
    envOf: { escalation: fileOf("BATON_ESCALATION") },
  };
  const dispose = (): void => {
    if (options.ephemeral === true) rmSync(root, { recursive: true, force: true });
  };
  return { choices, dispose };
}

/** The registry and keys of a mesh that isn't given any; returns the name that commands are signed in. */
function ownPeople(directory: MeshDirectory): Identity | undefined {
  makeFolders(directory, []);
  return ensurePeople(directory, OTHERS).name;
}

/** How often it is looked whether whoever runs this has made a key. */
const LOOK_MS = 1000;

/** Registers a key that is made while the mesh runs; says so, and once why it can't. */
function followOwnKey(directory: MeshDirectory, tell: (line: string) => void): () => void {
  const look = ownKeyFollower(directory);
  let told = "";
  const timer = setInterval(() => {
    try {
      const key = look();
      if (key)
        tell(`registered ${key.publicKey} for ${printable(key.name ?? "")}: you sign with it`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== told) tell(`your key isn't registered: ${printable(why)}`);
      told = why;
    }
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** A file that was named from where we run; a service runs elsewhere. */
function fileOf(variable: string): Record<string, string> {
  const path = process.env[variable] ?? "";
  return path === "" ? {} : { [variable]: resolve(path) };
}

const LAST_PORT = 65_535;

/** Ports that two would listen on, before either does. */
function refuseOnePortTwice(ports: {
  readonly natsPort: number;
  readonly httpPort: number;
  readonly monitorPort: number | undefined;
}): void {
  const { natsPort, httpPort, monitorPort } = ports;
  const last = httpPort + PLAN.length - 1;
  const isTaken = (port: number | undefined): boolean =>
    httpPort !== 0 && port !== undefined && port >= httpPort && port <= last;
  const clash =
    natsPort !== 0 && natsPort === monitorPort
      ? `--port and --monitor-port are both ${natsPort}`
      : isTaken(natsPort)
        ? `--port ${natsPort} is one of the services' ports`
        : isTaken(monitorPort)
          ? `--monitor-port ${monitorPort} is one of the services' ports`
          : undefined;
  if (clash === undefined) return;
  throw new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: clash,
    rule:
      httpPort === 0
        ? "each listens on a port of its own"
        : `from --http-port ${httpPort} on the services take ${httpPort} to ${last}`,
    action: "Name another port, or 0 for any free one.",
  });
}

function laneFrom(text: string): Lane {
  const lane = OwnLane.safeParse(text);
  if (lane.success) return lane.data;
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "--without isn't a lane",
    value: text,
    rule: `one of ${LANES.join(", ")}; who decides, watches or trades can't be left out`,
    action: "Name a lane, or several: --without lane-a lane-b.",
  });
}

function portFrom(text: string, option: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  // The services take consecutive ports from the first on.
  const last = option === "--http-port" ? LAST_PORT - PLAN.length : LAST_PORT;
  if (port <= last) return port;
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${option} isn't a port`,
    value: text,
    rule: `a whole number from 0 (any free port) to ${last}`,
    action: `Correct ${option}, or leave it out.`,
  });
}
