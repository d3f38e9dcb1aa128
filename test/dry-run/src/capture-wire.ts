/**
 * What the dry run's processes wrote, as it is stored, one message of each form: `npm run corpus` adds it to the corpus of
 * messages that every later release must read (docs/upgrading.md).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { readAll, type Session } from "@baton/client";
import { CONTROL_SUBJECT, MESH_ID, parseCommandSubject, type WireKind } from "@baton/contracts";
import { askHealth, SERVICES, type StoredMessage } from "@baton/mesh";

/** Time for the processes to say how they are, in milliseconds. */
const HEALTH_MS = 2000;

/** Messages by kind, by form. */
type Captured = Map<WireKind, Map<string, unknown>>;

/** Reads the streams and asks the processes, and writes `wire/<kind>.jsonl` below `folder`. */
export async function captureWire(session: Session, folder: string): Promise<void> {
  const captured: Captured = new Map();
  const taking = (kindOf: (message: StoredMessage) => WireKind) => (message: StoredMessage) => {
    if (message.data.length > 1) note(captured, kindOf(message), jsonIn(message.data));
  };
  await readAll(
    session,
    { stream: "journal" },
    taking(() => "entry"),
  );
  await readAll(
    session,
    { stream: "reports" },
    taking(() => "report"),
  );
  await readAll(
    session,
    { stream: "controls", filter: CONTROL_SUBJECT },
    taking(() => "controls"),
  );
  await readAll(session, { stream: "commands" }, taking(commandKind));
  await readAll(session, { stream: "KV_REVIEWS" }, taking(recordKind));
  const answers = await askHealth(session.nc, SERVICES, HEALTH_MS);
  for (const health of [...answers.values()].flat()) note(captured, "service-health", health);
  mkdirSync(join(folder, "wire"), { recursive: true });
  for (const [kind, forms] of captured) {
    const lines = [...forms.values()].map((value) => `${JSON.stringify(value)}\n`);
    writeFileSync(join(folder, "wire", `${kind}.jsonl`), lines.join(""));
  }
}

function commandKind({ subject }: StoredMessage): WireKind {
  return parseCommandSubject(subject)?.candidateId === MESH_ID ? "control-command" : "command";
}

function recordKind({ subject }: StoredMessage): WireKind {
  return subject.split(".").length > 3 ? "matter-record" : "review-record";
}

function note(captured: Captured, kind: WireKind, value: unknown): void {
  const forms = captured.get(kind) ?? new Map<string, unknown>();
  captured.set(kind, forms);
  const form = formOf(value);
  if (!forms.has(form)) forms.set(form, value);
}

/** Names that tell one form from another. */
const TELLING = ["type", "kind", "reason", "verdict", "class", "state"];

/** The message's fields and theirs, without what they hold, but for names. */
export function formOf(value: unknown): string {
  return fieldsOf(value, 0).join();
}

function fieldsOf(value: unknown, depth: number): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value) || depth > 1) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (inner === null) return [];
    const told = TELLING.includes(key) && typeof inner === "string" ? `${key}=${inner}` : key;
    // What people specify has no form of ours.
    return [
      told,
      ...(key === "spec" ? [] : fieldsOf(inner, depth + 1).map((own) => `${key}.${own}`)),
    ];
  });
}

function jsonIn(data: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(data));
}
