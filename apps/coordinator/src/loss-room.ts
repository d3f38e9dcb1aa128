/**
 * Where a coordinator waits while the mesh's history is lost. Nothing is decided: whoever asks for something is told what is lost
 * and what to do; it ends when history is back, or when somebody accepts the loss.
 *
 * R1: the kill switch is engaged where CONTROLS isn't among what is lost; where it is, whoever reads it stops by itself.
 *     Whatever is lost, nobody who stops something is refused for it: what they ask is the next state of what there is.
 * R2: accepting makes what is absent anew, and begins an epoch under an engaged kill switch: two people release it.
 * R3: of the streams only COMMANDS is made anew before that, for people must be heard, and CONTROLS for who stops something; they
 *     stay lost all the same.
 */
import { setTimeout as delay } from "node:timers/promises";

import { HISTORY_STREAMS, lossText, type MeshName, STREAMS } from "@baton/contracts";
import { ensureTopology, lastMarked, type Mesh, type PullWorker } from "@baton/mesh";
import type { People } from "@baton/people";
import {
  type ControlQuestion,
  decideControl,
  type Playbook,
  reject,
  type Refusal,
} from "@baton/playbook";
import type { ServiceContext } from "@baton/service";
import { createRunSampler } from "@baton/telemetry";

import type { CoordinatorConfig } from "./config.ts";
import type { ControlDesk, ControlOutcome } from "./control-desk.ts";
import { historyFacts, type HistoryKeeper, refusalOf } from "./history-keeper.ts";
import { identityOf } from "./identity.ts";
import { type IntakeParts, startIntakes } from "./intakes.ts";
import { NotYet } from "./not-yet.ts";

const LOOK_MS = 2000;

/** What the room works with. */
export interface LossRoomParts {
  readonly mesh: Mesh;
  readonly keeper: HistoryKeeper;
  readonly playbook: Playbook;
  readonly people: () => People | undefined;
}

/** Waits until history is back or its loss accepted; rejects when the service stops. */
export async function standStill(
  service: Pick<ServiceContext<CoordinatorConfig>, "config" | "log" | "signal">,
  parts: LossRoomParts,
): Promise<"back" | "accepted"> {
  const { signal } = service;
  const { keeper } = parts;
  const accepted = Promise.withResolvers<"accepted">();
  const intakes = await hearStops(service, parts, {
    coordinator: { settle: async () => refusalNow(keeper), busy: () => 0 },
    controls: lossDesk(parts, () => accepted.resolve("accepted")),
  });
  try {
    return await Promise.race([accepted.promise, untilBack(parts, signal)]);
  } finally {
    await Promise.all(intakes.map((intake) => intake.stop(1000)));
  }
}

/** R1, R3. People are heard, and nobody else. */
export async function hearStops(
  service: Pick<ServiceContext<CoordinatorConfig>, "config" | "log">,
  parts: LossRoomParts,
  by: Pick<IntakeParts, "coordinator" | "controls">,
): Promise<PullWorker[]> {
  await engage(parts);
  const name = await hearPeople(parts);
  return startIntakes(
    {
      mesh: parts.mesh,
      ...by,
      ...identityOf(service, name),
      people: parts.people,
      log: service.log,
      sampler: createRunSampler({ perSecond: 0, now: Date.now }),
      count: () => undefined,
    },
    ["commands", "controls"],
  );
}

/** Takes what stops; whatever else is asked waits. */
export function stopsOnly(parts: LossRoomParts): ControlDesk {
  const settle: ControlDesk["settle"] = async (happening): Promise<ControlOutcome> => {
    if (happening.kind === "command" && isStop(happening)) return stop(parts, happening);
    throw new NotYet("nothing but a stop is decided now");
  };
  return { settle };
}

function isStop({ command: { type } }: Asked): boolean {
  return type === "kill-switch" || type === "incident";
}

/** R1. Whoever engages it again later changes nothing. */
async function engage({ mesh, keeper, playbook }: LossRoomParts): Promise<void> {
  const state = keeper.lost();
  if (!state || state.losses.some(({ stream }) => stream === STREAMS.controls.name)) return;
  const last = await mesh.controls.last();
  const decision = decideControl({
    last,
    happening: {
      kind: "lost",
      loss: state.lossId ?? "",
      text: state.losses.map(lossText).join("; "),
    },
    playbook,
    facts: { candidateKnown: false, unrecovered: [] },
    now: new Date().toISOString(),
  });
  if (decision.kind !== "append") return;
  await mesh.controls.append(decision.controls);
  await keeper.keepControls();
}

/** R3. Gives the mesh's name, which commands are bound to and which the streams tell that are no history. */
async function hearPeople({ mesh, keeper }: LossRoomParts): Promise<MeshName> {
  const commands = STREAMS.commands.name;
  const state = keeper.lost();
  const loss = state?.losses.find(({ stream, kind }) => stream === commands && kind === "absent");
  if (loss) keeper.insist(loss);
  const isMade = (name: string): boolean =>
    name === commands || !HISTORY_STREAMS.some((one) => one === name);
  return make(mesh, isMade, state?.name);
}

/** Makes the streams that `isMade` names, with their consumers; gives the mesh's name. */
function make(
  { jsm, topology: { streams, consumers } }: Mesh,
  isMade: (name: string) => boolean,
  name: MeshName | undefined,
): Promise<MeshName> {
  const topology = {
    streams: streams.filter((one) => isMade(one.name)),
    consumers: consumers.filter(({ stream }) => isMade(stream)),
  };
  return ensureTopology(jsm, topology, { name });
}

async function untilBack({ keeper }: LossRoomParts, signal: AbortSignal): Promise<"back"> {
  for (;;) {
    await delay(LOOK_MS, undefined, { signal });
    const state = await keeper.look().catch(() => undefined);
    if (!state) continue;
    keeper.see(state);
    if (state.kind !== "lost") return "back";
  }
}

function refusalNow(keeper: HistoryKeeper): Refusal {
  const state = keeper.lost();
  if (!state) return reject("E_LOG_RESET", "history is being looked at", "Send it again.");
  const { code, message, action } = refusalOf(state);
  return reject(code, message, `Nothing is decided. ${action}`);
}

/** Takes the acceptance and what stops, and nothing else. */
function lossDesk(parts: LossRoomParts, onAccepted: () => void): ControlDesk {
  const settle: ControlDesk["settle"] = async (happening): Promise<ControlOutcome> => {
    if (happening.kind !== "command") return refusalNow(parts.keeper);
    const { type } = happening.command;
    if (isStop(happening)) return stop(parts, happening);
    if (type === "accept-loss") return accept(parts, happening, onAccepted);
    return refusalNow(parts.keeper);
  };
  return { settle };
}

type Asked = Extract<ControlQuestion["happening"], { kind: "command" }>;

/** R1. Where another coordinator was faster it throws: the command is delivered again, and decided on what holds then. */
async function stop(parts: LossRoomParts, happening: Asked): Promise<ControlOutcome> {
  const { mesh, keeper, playbook } = parts;
  const { command } = happening;
  const loss = keeper.lost()?.losses.find(({ stream }) => stream === STREAMS.controls.name);
  const found = await lastMarked(mesh.jsm);
  if (found === "absent") await make(mesh, (name) => name === STREAMS.controls.name, mesh.name);
  const last = typeof found === "string" ? undefined : found.stored;
  const scope = command.type === "incident" ? command.scope : undefined;
  const entry =
    scope?.kind === "candidate"
      ? await mesh.journal.last(scope.candidateId).catch(() => undefined)
      : undefined;
  const decision = decideControl({
    last,
    happening,
    playbook,
    facts: { candidateKnown: entry !== undefined, unrecovered: [] },
    now: new Date().toISOString(),
  });
  if (decision.kind === "reject") return decision;
  if (decision.kind === "ignore") {
    if (!last) throw new Error("nothing is unchanged where there is nothing");
    return { kind: "unchanged", stored: last };
  }
  // R3. A state more must not hide that those before it are gone.
  if (loss) keeper.insist(loss);
  const { controls } = decision;
  const appended = await mesh.controls.append(controls);
  if (appended.kind === "fenced") throw new Error("another coordinator changed the controls first");
  if (!loss) await keeper.keepControls();
  return { kind: "changed", stored: { sequence: appended.sequence, controls } };
}

/** R2. */
async function accept(
  { mesh, keeper, playbook }: LossRoomParts,
  happening: Asked,
  onAccepted: () => void,
): Promise<ControlOutcome> {
  const state = await keeper.look();
  const found = await lastMarked(mesh.jsm);
  const last = typeof found === "string" ? undefined : found.stored;
  const decision = decideControl({
    last,
    happening,
    playbook,
    facts: { candidateKnown: false, unrecovered: [], history: historyFacts(state) },
    now: new Date().toISOString(),
  });
  if (decision.kind === "reject") return decision;
  if (decision.kind === "ignore") return refusalNow(keeper);
  await ensureTopology(mesh.jsm, mesh.topology, { name: state.name });
  const appended = await mesh.controls.append(decision.controls);
  // Another coordinator was faster: what holds now is looked at again.
  if (appended.kind === "fenced") return refusalNow(keeper);
  await keeper.accept();
  onAccepted();
  return { kind: "changed", stored: { sequence: appended.sequence, controls: decision.controls } };
}
