/** `baton kill-switch|incident|emergency|close-task`: what a person asks of the whole mesh. */
import {
  candidateOf,
  commandIdNow,
  controlCommand,
  type ControlledReceipt,
  describeProgress,
  durationFrom,
  lastControls,
  type Progress,
  sendControl,
  senderFrom,
  type Session,
  unknownCandidate,
  type Wish,
} from "@baton/client";
import {
  type ControlCommand,
  type Controls,
  journalFence,
  type StoredControls,
  STREAMS,
} from "@baton/contracts";
import { readControls } from "@baton/mesh";
import { interruptible, note, print } from "@baton/terminal";
import { UserError, EXIT } from "@baton/text/user-error";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";
import { renderControlReceipt } from "./render-control-receipt.ts";

/** What every such command line says. */
export interface ControlOptions extends Globals {
  readonly why: string;
  readonly as?: string;
  readonly timeout: string;
}

/** The receipt, and the entry that records it; null where that couldn't be read. */
export interface Controlled extends ControlledReceipt {
  readonly controls: Controls | null;
}

/** Sends the command and prints its receipt. */
export async function sendWish(wish: Wish, options: ControlOptions): Promise<void> {
  const timeoutMs = durationFrom(options.timeout, "timeout");
  const { name, key } = senderFrom(options.as, options);
  const asking = { id: commandIdNow(), by: name, why: options.why, time: new Date() };
  const command = controlCommand(wish, asking);
  let progress: Progress = "unsent";
  const onProgress = (next: Progress): void => void (progress = next);
  const state = (): string => describeProgress(progress, command);
  const controlled = await interruptible(state, async () => {
    await using session = await openCommandSession(options);
    await refuseUnknown(session, command);
    const receipt = await sendControl(session, command, {
      timeoutMs,
      onProgress,
      key,
      tell: options.format === "table" ? note : undefined,
    });
    return { ...receipt, controls: await recordOf(session, receipt) };
  });
  await print(options.format, controlled, (one) => renderControlReceipt(command, one));
}

/** The receipt counts; that the entry can't be read for more words is no failure. */
async function recordOf(
  session: Session,
  { outcome }: ControlledReceipt,
): Promise<Controls | null> {
  const stored = await readControls(session.jsm)
    .at(outcome.sequence)
    .catch(() => undefined);
  return stored?.controls ?? null;
}

const ASKS_NOTHING: ReadonlySet<string> = new Set([
  "kill-switch",
  "release-kill-switch",
  "accept-loss",
]);

/** What isn't there is found before anything is sent. Engaging the kill switch asks nothing, nor does accepting a loss. */
async function refuseUnknown(session: Session, command: ControlCommand): Promise<void> {
  if (ASKS_NOTHING.has(command.type)) return;
  if ("incidentId" in command || "taskId" in command) await refuseClosed(session, command);
  const candidateId = candidateOf(command);
  if (candidateId === undefined) return;
  const found = await session.jsm.streams.getMessage(STREAMS.journal.name, {
    last_by_subj: journalFence(candidateId),
  });
  if (!found) throw unknownCandidate(candidateId);
}

async function refuseClosed(
  session: Session,
  command: Extract<ControlCommand, { incidentId: string } | { taskId: string }>,
): Promise<void> {
  const isOpen = ({ controls }: StoredControls): boolean =>
    "incidentId" in command
      ? controls.incidents.some(({ id }) => id === command.incidentId)
      : controls.tasks.some(({ id }) => id === command.taskId);
  const stored = await readControls(session.jsm)
    .last()
    .catch(() => undefined);
  // What is open is open, whatever else is lost; that something isn't there needs the whole history.
  if ((stored && isOpen(stored)) || isOpen(await lastControls(session))) return;
  const [what, id] =
    "incidentId" in command ? ["incident", command.incidentId] : ["task", command.taskId];
  throw new UserError({
    code: "E_NOT_FOUND",
    exit: EXIT.notFound,
    message: `no open ${what} ${id}; nothing was sent`,
    action: "`baton get controls` lists those there are; with --history also those of before.",
  });
}
