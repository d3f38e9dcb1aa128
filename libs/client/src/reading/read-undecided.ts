/** Commands that are stored and that nobody has decided on, and why not. */
import { commandFilter, DURABLES, MESH_ID, parseCommandSubject, STREAMS } from "@baton/contracts";
import type { StoredMessage } from "@baton/mesh";
import type { Hindrance, Undecided } from "@baton/views";
import { z } from "zod";

import { serviceFindings } from "../diagnosis/examine-services.ts";
import type { Session } from "../session/session.ts";
import { readAll } from "./read-candidate.ts";
import { readSome } from "./read-services.ts";

/** What a command says, in words that may be shown. */
const Said = z.object({ type: z.string().max(40), by: z.string().max(100) });

const NOTHING_WAITS = Number.MAX_SAFE_INTEGER - 1;

/** Those behind the last one up to which all are settled, in their order; `isDecided` leaves out who was settled out of order. */
export async function readUndecided(
  session: Pick<Session, "nc" | "jsm">,
  isDecided: (commandId: string) => boolean = () => false,
): Promise<Undecided[]> {
  const found: Undecided[] = [];
  const commands = (await settledThrough(session, DURABLES.commands)) ?? NOTHING_WAITS;
  // A coordinator of an earlier release has one durable for all.
  const controls = (await settledThrough(session, DURABLES.controls)) ?? commands;
  const note = (message: StoredMessage): void => {
    const subject = parseCommandSubject(message.subject);
    if (!subject || isDecided(subject.commandId)) return;
    const said = saidIn(message.data);
    found.push({
      ...subject,
      sequence: message.seq,
      time: new Date(message.storedMs).toISOString(),
      type: said?.type ?? null,
      by: said?.by ?? null,
    });
  };
  const ofMesh = commandFilter(MESH_ID);
  await readAll(session, { stream: "commands", filter: ofMesh, from: controls + 1 }, note);
  await readAll(session, { stream: "commands", from: commands + 1 }, (message) => {
    if (parseCommandSubject(message.subject)?.candidateId !== MESH_ID) note(message);
  });
  return found.toSorted((one, other) => one.sequence - other.sequence);
}

/** Without the durable nobody can say what was decided: then nothing counts as waiting. */
async function settledThrough(
  { jsm }: Pick<Session, "jsm">,
  durable: string,
): Promise<number | undefined> {
  const info = await jsm.consumers.info(STREAMS.commands.name, durable).catch(() => undefined);
  return info?.ack_floor.stream_seq;
}

function saidIn(data: Uint8Array): z.infer<typeof Said> | undefined {
  try {
    return Said.safeParse(JSON.parse(new TextDecoder().decode(data))).data;
  } catch {
    return undefined;
  }
}

/** Why nothing is decided; undefined while the coordinator says that it can work. Takes two seconds where none answers. */
export async function hindranceOf(
  session: Pick<Session, "nc" | "address">,
): Promise<Hindrance | undefined> {
  const dataDir = session.address.up?.dataDir;
  const views = await readSome(session, ["coordinator"]);
  const findings = views.flatMap((view) => serviceFindings(view, { now: Date.now(), dataDir }));
  const wrong =
    findings.find(({ level }) => level === "fault") ??
    findings.find(({ level }) => level === "note");
  if (!wrong) return undefined;
  return {
    found: `${wrong.about} ${wrong.found}`,
    action: wrong.repair ?? "Wait until it is ready.",
  };
}
