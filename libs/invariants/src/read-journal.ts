import { sha256Of } from "./chain-basis.ts";
import { type Fields, parseFields, WrongForm } from "./json-fields.ts";
import type { Foreign, JournalEntry, NamedArtifact, Report } from "./record.ts";

/** A message as it is stored. */
export interface StoredMessage {
  readonly seq: number;
  readonly subject: string;
  /** When the server stored it. */
  readonly time: Date;
  string(): string;
}

/** A journal message as an entry, or what is wrong with it. */
export function readEntry(message: StoredMessage): JournalEntry | Foreign {
  try {
    const text = message.string();
    return entryOf(message, parseFields(text), sha256Of(text));
  } catch (error) {
    if (!(error instanceof WrongForm)) throw error;
    return { where: `JOURNAL ${message.seq}`, what: `isn't an entry: ${error.message}` };
  }
}

function entryOf(
  { seq, subject, time }: StoredMessage,
  fields: Fields,
  sha256: string,
): JournalEntry {
  const cause = fields.object("cause");
  const kind = cause.text("kind");
  const guard = fields.objectOrNull("guard");
  const basis = basisIn(fields.object("basis"));
  return {
    sequence: seq,
    storedAt: time.getTime(),
    subject,
    candidateId: fields.text("candidateId"),
    stage: fields.text("stage"),
    runId: fields.text("runId"),
    n: fields.number("n"),
    prev: fields.number("prev"),
    sha256,
    prevSha256: fields.textOrNull("prevSha256"),
    holder: fields.text("holder"),
    reason: fields.text("reason"),
    about: fields.objectOrNull("about")?.text("kind") ?? "",
    author: fields.text("author"),
    basis,
    awaits: fields.numberOrNull("awaits"),
    cause: {
      kind,
      report: kind === "report" ? cause.number("sequence") : undefined,
      command: kind === "command" ? cause.text("type") : undefined,
      incident: kind === "incident" ? cause.text("incidentId") : undefined,
    },
    controls: fields.has("controls") ? fields.number("controls") : null,
    incident: fields.has("incident") ? (fields.objectOrNull("incident")?.text("id") ?? null) : null,
    evidence: evidenceOf(fields.objectOrNull("evidence"), basis.made),
    guard: guard && {
      from: guard.textOrNull("from"),
      to: guard.text("to"),
      rule: guard.text("rule"),
    },
    approvals: fields.objects("approvals").map((approval) => ({
      stage: approval.text("stage"),
      by: approval.text("by"),
      evidence: approval.text("evidence"),
    })),
    held: fields.objectOrNull("hold") !== null,
    maxRetries: fields.objectOrNull("rule")?.number("maxRetries") ?? null,
    failureClass: fields.objectOrNull("failure")?.text("class") ?? null,
    deadline: fields.textOrNull("deadline"),
    answers: answersOf(fields.objectOrNull("review")),
  };
}

function answersOf(review: Fields | null): number {
  return review?.has("answers") ? review.objects("answers").length : 0;
}

function basisIn(fields: Fields): JournalEntry["basis"] {
  const made = fields.has("made") ? fields.objects("made") : [];
  return {
    spec: fields.value("spec"),
    made: made.flatMap((one) => one.objects("artifacts").map(artifactOf)),
    earlier: fields.has("earlier") ? fields.numbers("earlier") : [],
    sha256: fields.has("sha256") ? fields.text("sha256") : null,
  };
}

/** Evidence that names no artifact is of those that are new: each was found. */
function evidenceOf(
  evidence: Fields | null,
  made: readonly NamedArtifact[],
): JournalEntry["evidence"] {
  if (!evidence) return null;
  const named = evidence.has("artifacts") ? evidence.object("artifacts") : undefined;
  const gate = evidence.objectOrNull("gate");
  return {
    artifacts: named
      ? new Map(named.names().map((name) => [name, named.text(name)]))
      : new Map(made.map(({ name }) => [name, "present"])),
    gate: gate && { sha256: gate.text("sha256"), verdict: gate.text("verdict") },
  };
}

function artifactOf(fields: Fields): NamedArtifact {
  return {
    name: fields.text("name"),
    sha256: fields.text("sha256"),
    bytes: fields.number("bytes"),
  };
}

/** A report, or undefined for a message that isn't one: the coordinator sets it aside, so nothing rests on it. */
export function readReport(message: StoredMessage): Report | undefined {
  try {
    return reportOf(message, parseFields(message.string()));
  } catch (error) {
    if (!(error instanceof WrongForm)) throw error;
    return undefined;
  }
}

function reportOf({ seq, subject }: StoredMessage, fields: Fields): Report {
  const type = fields.text("type") === "attempt" ? "attempt" : "result";
  const outcome = type === "result" ? fields.object("outcome") : undefined;
  const done = outcome?.text("kind") === "done";
  const failure = done ? undefined : (outcome ?? fields).object("failure");
  return {
    sequence: seq,
    subject,
    lane: fields.text("lane"),
    type,
    candidateId: fields.text("candidateId"),
    stage: fields.text("stage"),
    runId: fields.text("runId"),
    answers: fields.number("answers"),
    attempt: fields.number("attempt"),
    waits: fields.has("waits") && fields.flag("waits"),
    failureClass: failure?.text("class") ?? null,
    artifacts: done ? (outcome?.objects("artifacts") ?? []).map(artifactOf) : [],
  };
}

/** The candidate of a stored submission; undefined for any other command and for what isn't one. */
export function readSubmission(message: StoredMessage): string | undefined {
  try {
    const fields = parseFields(message.string());
    return fields.text("type") === "submit" ? fields.text("candidateId") : undefined;
  } catch (error) {
    if (!(error instanceof WrongForm)) throw error;
    return undefined;
  }
}
