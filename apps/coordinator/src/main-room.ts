/**
 * Where a coordinator waits while main of the GitOps repository can't be read: what it says of the mesh's history isn't known then,
 * and nothing may be decided on a history that isn't whole.
 *
 * W1: what stops is decided all the same: the kill switch, an incident, a pause. Whatever else people ask waits in its stream.
 * W2: it ends by itself when main was read; what the marks say is looked at after that.
 * W3: of a mesh that is new as far as anybody knows nothing is made: there is nothing to stop, and main may know better.
 */
import { setTimeout as delay } from "node:timers/promises";

import { watchControls } from "@baton/mesh";
import type { Happening } from "@baton/playbook";
import type { ServiceContext } from "@baton/service";

import type { CoordinatorConfig } from "./config.ts";
import { type Coordinator, openCoordinator } from "./coordinator.ts";
import { hearStops, type LossRoomParts, stopsOnly } from "./loss-room.ts";
import type { MarkBook } from "./mark-book.ts";
import { NotYet } from "./not-yet.ts";
import { openPlaybookShelf } from "./playbook-shelf.ts";

const RETRY_MS = 1000;
/** A repository that answers is read within that; people aren't kept waiting for one that doesn't. */
const PATIENCE_MS = 2000;
const READ_MS = 250;

type Service = Pick<
  ServiceContext<CoordinatorConfig>,
  "config" | "log" | "signal" | "registerCheck"
>;

/** Resolves when main was read; rejects when the service stops, and where the address can't be right. */
export async function untilMainIsRead(
  service: Service,
  parts: LossRoomParts & { readonly book: MarkBook },
): Promise<void> {
  const { signal } = service;
  let why: string | undefined = "it is being read";
  service.registerCheck("main", () =>
    why === undefined
      ? { ok: true }
      : { ok: false, reason: `main of the GitOps repository can't be read: ${why}` },
  );
  const reading = readMain(service, parts.book, (trouble) => (why = trouble));
  // Awaited below, whatever happens before.
  reading.catch(() => undefined);
  const patience = new AbortController();
  const soon = delay(PATIENCE_MS, "late" as const, {
    signal: AbortSignal.any([signal, patience.signal]),
  });
  soon.catch(() => undefined);
  const first = await Promise.race([reading, soon]);
  patience.abort();
  if (first !== "late") return;
  const room = await openRoom(service, parts, reading);
  try {
    await reading;
  } finally {
    await room?.close();
  }
}

/** Tries until it works; tells what keeps it from that, and at last that nothing does. */
async function readMain(
  { log, signal }: Service,
  book: MarkBook,
  tell: (trouble: string | undefined) => void,
): Promise<"read"> {
  let told = "";
  for (;;) {
    const trouble = await book.readMain();
    if (trouble === undefined) break;
    const { code, message, action } = trouble;
    if (code === "E_GIT_ADDRESS") throw trouble;
    tell(`${code} ${message}`);
    if (message !== told)
      log.error({ code, action }, `main can't be read, so only what stops is decided: ${message}`);
    told = message;
    await delay(RETRY_MS, undefined, { signal });
  }
  tell(undefined);
  if (told !== "") log.info("main was read: what it says of the history is looked at");
  return "read";
}

interface Room {
  close(): Promise<void>;
}

/** W1, W3. Undefined where main was read before there was anything to stop. */
async function openRoom(
  service: Service,
  parts: LossRoomParts,
  over: Promise<unknown>,
): Promise<Room | undefined> {
  const { signal } = service;
  const ended = new AbortController();
  const end = (): void => ended.abort();
  over.then(end, end);
  while (!ended.signal.aborted && !signal.aborted) {
    const state = await parts.keeper.look().catch(() => undefined);
    if (state !== undefined && state.kind !== "new") {
      parts.keeper.see(state);
      // A pause is an entry: it needs a history that is whole as far as is known.
      const pauses = state.kind === "whole" ? await openPauses(service, parts) : undefined;
      const hear = { coordinator: pausesOnly(pauses?.coordinator), controls: stopsOnly(parts) };
      const intakes = await hearStops(service, parts, hear);
      return {
        close: async () => {
          await Promise.all(intakes.map((intake) => intake.stop(1000)));
          pauses?.stop();
        },
      };
    }
    await delay(RETRY_MS, undefined, { signal });
  }
  return undefined;
}

function pausesOnly(coordinator: Coordinator | undefined): Coordinator {
  const settle: Coordinator["settle"] = async (candidateId, happening) => {
    if (coordinator && isPause(happening)) return coordinator.settle(candidateId, happening);
    throw new NotYet("main can't be read");
  };
  return { settle, busy: () => coordinator?.busy() ?? 0 };
}

function isPause(happening: Happening): boolean {
  return happening.kind === "command" && happening.command.type === "pause";
}

async function openPauses({ config, log }: Service, { mesh, playbook }: LossRoomParts) {
  const watch = watchControls({
    controls: mesh.controls,
    everyMs: READ_MS,
    onChange: () => undefined,
    onTrouble: (error) => log.debug({ err: error }, "controls not read"),
  });
  await watch.refresh();
  const coordinator = openCoordinator({
    mesh,
    controls: watch,
    // What could be looked at was whole; what main says of it is what is waited for.
    history: { refuse: () => undefined },
    playbooks: await openPlaybookShelf(playbook, mesh.artifacts),
    log,
    cacheBytes: config.BATON_CACHE_MB * 2 ** 20,
    onAppended: () => undefined,
    onFenced: () => undefined,
    onNewer: ({ code, message }) =>
      void mesh.newer.note(code === "E_ENTRY_OLDER" ? "older entry" : "entry", message),
  });
  return { coordinator, stop: () => watch.stop() };
}
