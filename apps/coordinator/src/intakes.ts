/**
 * The coordinator's four durables: reports, commands, controls, advisories. Each message ends decided, set aside, or redelivered.
 *
 * I1: a command about the whole mesh is taken from a durable of its own, so that a kill switch waits behind no candidate's.
 *     `commands` holds all of them, for a server can't filter by what a subject isn't: there it is passed over.
 */
import {
  Command,
  ControlCommand,
  DURABLES,
  MAX_SPEC_BYTES,
  MESH_ID,
  type MeshName,
  parseCommandSubject,
  parseReportSubject,
  type PreciseInstant,
  readWire,
  REPLY_HEADER,
  reportSubject,
  STREAMS,
} from "@baton/contracts";
import {
  type Delivery,
  handBackMs,
  JournalCorrupt,
  type Mesh,
  type PullWorker,
  readReport,
} from "@baton/mesh";
import type { People, Signer } from "@baton/people";
import type { Happening } from "@baton/playbook";
import type { Log, RunSampler } from "@baton/telemetry";

import { takeAdvisory } from "./advisory-intake.ts";
import type { ControlDesk, ControlOutcome } from "./control-desk.ts";
import type { Coordinator, Settled } from "./coordinator.ts";
import { NeedsNewer } from "./needs-newer.ts";
import { NotYet } from "./not-yet.ts";
import { controlReceipt, depthOf, receiptOf, unreadable } from "./receipts.ts";
import { type Answer, receiptFor } from "./sign-receipt.ts";
import { type ReceivedCommand, verifySender } from "./verify-sender.ts";

/** What the intakes work with. */
export interface IntakeParts {
  readonly mesh: Mesh;
  readonly coordinator: Coordinator;
  readonly controls: ControlDesk;
  /** What the mesh is called: commands for another one aren't taken. */
  readonly name: MeshName;
  /** Undefined: everybody is believed. */
  readonly people: () => People | undefined;
  /** Signs receipts; undefined where the coordinator has no key. */
  readonly signer: Signer | undefined;
  readonly log: Log;
  readonly sampler: RunSampler;
  /** Counts a message that was set aside, or a happening that came to nothing. */
  readonly count: (what: "set-aside" | "ignored" | "rejected" | "failed", stream: string) => void;
}

/** Where every write is synced, entries go out in groups of at most so many: with 64 the server works twice as much per entry. */
const CAPACITY = { reports: 256, commands: 128, controls: 32, advisories: 64 } as const;
const RETRY_MS = 1000;
/** A journal that holds what no coordinator wrote doesn't mend itself soon. One that lost something makes the coordinator stand still. */
const CORRUPT_RETRY_MS = 60_000;

type Intake = keyof typeof CAPACITY;

/** Each durable's stream. */
const SOURCES = {
  reports: STREAMS.reports,
  commands: STREAMS.commands,
  controls: STREAMS.commands,
  advisories: STREAMS.advisories,
} as const;

/** Starts all four, or those that are named. */
export function startIntakes(
  parts: IntakeParts,
  only: readonly Intake[] = ["reports", "commands", "controls", "advisories"],
): PullWorker[] {
  const { mesh, log } = parts;
  const onTrouble = (what: string): void => log.warn({ what }, "coordinator intake");
  const start = (
    kind: Intake,
    handle: (parts: IntakeParts, delivery: Delivery) => Promise<void>,
  ): PullWorker =>
    mesh.take({
      stream: SOURCES[kind].name,
      durable: DURABLES[kind],
      capacity: CAPACITY[kind],
      onTrouble,
      onDelivery: (delivery, release) => {
        handle(parts, delivery).then(release, (error: unknown) => {
          release();
          if (error instanceof NotYet) return delivery.nak(RETRY_MS);
          if (error instanceof NeedsNewer) return delivery.nak(handBackMs(delivery.deliveries));
          parts.count("failed", SOURCES[kind].name);
          log.error(
            { err: error, stream: SOURCES[kind].name, sequence: delivery.sequence },
            "message will be delivered again",
          );
          delivery.nak(error instanceof JournalCorrupt ? CORRUPT_RETRY_MS : RETRY_MS);
        });
      },
    });
  const handlers = {
    reports: takeReport,
    commands: takeCommand,
    controls: takeControl,
    advisories: (_: IntakeParts, delivery: Delivery) =>
      takeAdvisory(parts, delivery, (why) => setAside(parts, delivery, why)),
  };
  return only.map((kind) => start(kind, handlers[kind]));
}

function setAside({ log, count }: IntakeParts, delivery: Delivery, why: string): void {
  count("set-aside", delivery.message.subject.split(".")[1] ?? "?");
  log.warn(
    { subject: delivery.subject.slice(0, 200), sequence: delivery.sequence, why },
    "message set aside",
  );
  delivery.term(why);
}

async function takeReport(parts: IntakeParts, delivery: Delivery): Promise<void> {
  const read = readReport(delivery.data);
  if (read.kind === "malformed") return setReportAside(parts, delivery, read.why);
  if (read.kind === "newer") return handReportBack(parts, delivery, read.why);
  const { value: report } = read;
  const part = report.type === "result" ? "result" : report.attempt;
  if (reportSubject({ ...report, part }) !== delivery.subject)
    return setReportAside(parts, delivery, "subject and report differ");
  const happening: Happening = {
    kind: "report",
    report,
    sequence: delivery.sequence,
    storedAt: preciseInstant(delivery.storedAt),
  };
  const outcome = await parts.coordinator.settle(report.candidateId, happening);
  if (outcome.kind === "reject") {
    setAside(parts, delivery, `${outcome.code} ${outcome.message}`);
    return;
  }
  if (outcome.kind === "ignored") parts.count("ignored", STREAMS.reports.name);
  delivery.ack();
}

/** The first result of a stage run counts for ever, so it waits for a coordinator that can read it. */
function handReportBack({ mesh, log }: IntakeParts, delivery: Delivery, why: string): void {
  const { sequence, deliveries } = delivery;
  if (mesh.newer.note("report", `REPORTS ${sequence}: ${why}`))
    log.warn({ sequence, why }, "a report needs a newer coordinator: it waits");
  delivery.nak(handBackMs(deliveries));
}

/** Where it is stored says whose it was to be: if a candidate waits for that very result, a person is asked. */
async function setReportAside(parts: IntakeParts, delivery: Delivery, why: string): Promise<void> {
  const place = parseReportSubject(delivery.subject);
  if (place?.part === "result") {
    const { part: _, ...of } = place;
    const about = { ...of, sequence: delivery.sequence, why };
    await parts.coordinator.settle(of.candidateId, { kind: "unreadable", ...about });
  }
  setAside(parts, delivery, `E_MALFORMED ${why}`);
}

async function takeCommand(parts: IntakeParts, delivery: Delivery): Promise<void> {
  const subject = parseCommandSubject(delivery.subject);
  if (!subject) return setAside(parts, delivery, "E_MALFORMED subject isn't a command's");
  if (subject.candidateId === MESH_ID) return delivery.ack();
  const received = parseCommand(delivery);
  if (typeof received === "string") {
    answer(parts, delivery, unreadable(subject, received));
    return setAside(parts, delivery, `E_MALFORMED ${received}`);
  }
  const { command } = received;
  if (command.candidateId !== subject.candidateId || command.id !== subject.commandId) {
    return setAside(parts, delivery, "E_MALFORMED subject and command differ");
  }
  const outcome = await settleCommand(parts, received);
  answer(parts, delivery, await receiptOf(command, outcome, parts.mesh.journal));
  if (outcome.kind === "reject") {
    parts.count("rejected", STREAMS.commands.name);
    const { id: commandId, candidateId, type, by } = command;
    parts.log.info(
      { candidateId, commandId, command: type, by, reason: outcome.code },
      outcome.message,
    );
  }
  delivery.ack();
}

/** A command about the whole mesh. */
async function takeControl(parts: IntakeParts, delivery: Delivery): Promise<void> {
  const subject = parseCommandSubject(delivery.subject);
  if (!subject) return setAside(parts, delivery, "E_MALFORMED subject isn't a command's");
  const { commandId } = subject;
  const received = parseControlCommand(delivery);
  if (typeof received === "string") {
    const of = { candidateId: MESH_ID, commandId };
    answer(parts, delivery, unreadable(of, received));
    return setAside(parts, delivery, `E_MALFORMED ${received}`);
  }
  const { command } = received;
  if (command.id !== commandId)
    return setAside(parts, delivery, "E_MALFORMED subject and command differ");
  const sender = verifySender(received, { mesh: parts.name, people: parts.people() });
  const outcome: ControlOutcome =
    sender.kind === "refused"
      ? { ...sender, kind: "reject", code: "E_DENIED" }
      : await parts.controls.settle({
          kind: "command",
          command,
          ...(sender.identity && { identity: sender.identity }),
        });
  answer(parts, delivery, controlReceipt(command, outcome));
  if (outcome.kind === "reject") {
    parts.count("rejected", STREAMS.commands.name);
    const { type, by } = command;
    parts.log.info({ commandId, command: type, by, reason: outcome.code }, outcome.message);
  }
  delivery.ack();
}

function parseControlCommand(
  delivery: Delivery,
): (ReceivedCommand & { readonly command: ControlCommand }) | string {
  const value = parseJson(delivery);
  if (typeof value === "string") return value;
  const read = readWire(ControlCommand, value.json);
  if (read.kind !== "read") return read.why;
  return { command: read.value, value: Object(value.json), storedAt: delivery.storedAt };
}

/** Nothing is decided on a command whose sender isn't who it says. */
async function settleCommand(parts: IntakeParts, received: ReceivedOfCandidate): Promise<Settled> {
  const { command } = received;
  const sender = verifySender(received, { mesh: parts.name, people: parts.people() });
  if (sender.kind === "refused") return { ...sender, kind: "reject", code: "E_DENIED" };
  const sampled = command.type === "submit" && parts.sampler.sample();
  const { identity } = sender;
  return parts.coordinator.settle(command.candidateId, {
    kind: "command",
    command,
    sampled,
    ...(identity && { identity }),
  });
}

function parseJson({ data }: Delivery): { readonly json: unknown } | string {
  try {
    return { json: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data)) };
  } catch {
    return `not JSON (${data.length} bytes)`;
  }
}

type ReceivedOfCandidate = ReceivedCommand & { readonly command: Command };

function parseCommand(delivery: Delivery): ReceivedOfCandidate | string {
  const json = parseJson(delivery);
  if (typeof json === "string") return json;
  const { json: value } = json;
  const { storedAt } = delivery;
  const read = readWire(Command, value);
  if (read.kind !== "read") return read.why;
  const { value: command } = read;
  const received = { command, value: Object(value), storedAt };
  if (command.type !== "submit") return received;
  const depth = depthOf(command.spec);
  if (depth !== undefined) return `spec: ${depth}`;
  const bytes = Buffer.byteLength(JSON.stringify(command.spec));
  return bytes <= MAX_SPEC_BYTES
    ? received
    : `spec: ${bytes} bytes, the limit is ${MAX_SPEC_BYTES}`;
}

/** A reply goes to inboxes only: a command must not make the coordinator publish anywhere else. */
const INBOX = /^_INBOX[A-Za-z0-9_.-]{1,180}$/;

function answer(parts: IntakeParts, delivery: Delivery, said: Answer): void {
  const inbox = delivery.message.headers?.get(REPLY_HEADER) ?? "";
  if (INBOX.test(inbox))
    parts.mesh.nc.publish(inbox, JSON.stringify(receiptFor(delivery.data, said, parts)));
}

/** An ISO instant with microseconds. */
function preciseInstant(ms: number): PreciseInstant {
  const whole = Math.floor(ms);
  // The fraction of a double this large is good to a quarter of a microsecond: rounding gives back what the server wrote.
  const micros = Math.round((ms - whole) * 1000);
  return `${new Date(whole).toISOString().slice(0, 23)}${String(micros).padStart(3, "0")}Z`;
}
