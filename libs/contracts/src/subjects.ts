/**
 * Every subject on the wire is built and parsed here and nowhere else.
 *
 * S1: tokens are minted from valid names only (anything else throws), so a subject never holds a wildcard, a space or an
 *     empty token.
 * S2: what doesn't parse is `undefined`, never a guess: the reader sets the message aside.
 */
import { cut } from "./failure.ts";
import { Holder, ID_PATTERN, Lane, LANES, Sha256, STAGE_PATTERN, type StageRun } from "./names.ts";

/** Stream names and the subjects that each one takes. */
export const STREAMS = {
  journal: { name: "JOURNAL", subjects: "baton.journal.>" },
  reports: { name: "REPORTS", subjects: "baton.report.>" },
  commands: { name: "COMMANDS", subjects: "baton.command.>" },
  controls: { name: "CONTROLS", subjects: "baton.control.>" },
  /** Writes that only show that writes are stored. */
  pulse: { name: "PULSE", subjects: "baton.pulse.>" },
  advisories: { name: "ADVISORIES", subjects: "$JS.EVENT.ADVISORY.CONSUMER." },
} as const;

/** Advisory kinds that ADVISORIES captures. */
export const ADVISORY_SUBJECTS = [
  "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>",
  "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
] as const;

/** Bucket of the content-addressed artifacts. */
export const ARTIFACTS_BUCKET = "ARTIFACTS";

/** The kinds of processes that store artifacts, each under subjects of its own, so that nobody stores in another's name. */
export const ARTIFACT_WRITERS = ["coordinator", ...LANES, "cli"] as const;
/** One of them; or a lane that this release doesn't have. */
export type ArtifactWriter = (typeof ARTIFACT_WRITERS)[number] | Lane;

/** Name of the durable consumer a lane works from; `reports`, `commands` and so on name the others. */
export const DURABLES = {
  reports: "coordinator-reports",
  commands: "coordinator-commands",
  /** Commands about the whole mesh, which wait behind nobody else's. */
  controls: "coordinator-controls",
  advisories: "coordinator-advisories",
  escalation: "escalation",
} as const;

export interface JournalSubject extends StageRun {
  readonly holder: Holder;
}

export interface ReportSubject extends StageRun {
  readonly lane: Lane;
  /** `result`, or the number of the attempt that failed. */
  readonly part: "result" | number;
}

/** S1 for callers that didn't parse: a wrong token would address somebody else's messages. */
function token(name: string, pattern: RegExp): string {
  if (!pattern.test(name))
    throw new TypeError(`not a subject token: ${JSON.stringify(cut(name, 80))}`);
  return name;
}

function stageRunTokens({ candidateId, stage, runId }: StageRun): string {
  return `${token(candidateId, ID_PATTERN)}.${token(stage, STAGE_PATTERN)}.${token(runId, ID_PATTERN)}`;
}

function isStageRun(candidateId = "", stage = "", runId = ""): boolean {
  return ID_PATTERN.test(candidateId) && STAGE_PATTERN.test(stage) && ID_PATTERN.test(runId);
}

/** `baton.journal.<holder>.<candidateId>.<stage>.<runId>` */
export function journalSubject(to: JournalSubject): string {
  return `baton.journal.${to.holder}.${stageRunTokens(to)}`;
}

/** Filter over all entries of one candidate: the fence, and how its last entry is read. */
export function journalFence(candidateId: string): string {
  return `baton.journal.*.${token(candidateId, ID_PATTERN)}.>`;
}

/** Filter over all entries of one stage run, whoever holds the baton. */
export function stageRunFilter(of: StageRun): string {
  return `baton.journal.*.${stageRunTokens(of)}`;
}

/** Filter over the entries of one run: of one candidate at any stage, or of any candidate at one stage. */
export function runFilter(
  of: ({ readonly candidateId: string } | { readonly stage: string }) & { readonly runId: string },
): string {
  const candidate = "candidateId" in of ? token(of.candidateId, ID_PATTERN) : "*";
  const stage = "stage" in of ? token(of.stage, STAGE_PATTERN) : "*";
  return `baton.journal.*.${candidate}.${stage}.${token(of.runId, ID_PATTERN)}`;
}

/** Filter of the entries that hand the baton to `holder`. */
export function journalFilter(holder: Holder): string {
  return `baton.journal.${holder}.>`;
}

/** The parts of a journal subject, or undefined if it isn't one (S2). */
export function parseJournalSubject(subject: string): JournalSubject | undefined {
  const [root, kind, who, candidateId = "", stage = "", runId = "", ...rest] = subject.split(".");
  const holder = Holder.safeParse(who);
  if (root !== "baton" || kind !== "journal" || rest.length > 0 || !holder.success)
    return undefined;
  if (!isStageRun(candidateId, stage, runId)) return undefined;
  return { holder: holder.data, candidateId, stage, runId };
}

/** `baton.report.<lane>.<candidateId>.<stage>.<runId>.result` or `….attempt-<n>` */
export function reportSubject(of: ReportSubject): string {
  const part = of.part === "result" ? "result" : `attempt-${of.part}`;
  return `baton.report.${of.lane}.${stageRunTokens(of)}.${part}`;
}

/** Filter over every report about one candidate. */
export function reportFilter(candidateId: string): string {
  return `baton.report.*.${token(candidateId, ID_PATTERN)}.>`;
}

/** The parts of a report subject, or undefined if it isn't one (S2). */
export function parseReportSubject(subject: string): ReportSubject | undefined {
  const [root, kind, who, candidateId = "", stage = "", runId = "", last = "", ...rest] =
    subject.split(".");
  const lane = Lane.safeParse(who);
  if (root !== "baton" || kind !== "report" || rest.length > 0 || !lane.success) return undefined;
  if (!isStageRun(candidateId, stage, runId)) return undefined;
  const attempt = /^attempt-([1-9][0-9]{0,5})$/.exec(last)?.[1];
  if (last !== "result" && attempt === undefined) return undefined;
  const part = attempt === undefined ? "result" : Number(attempt);
  return { lane: lane.data, candidateId, stage, runId, part };
}

const CHUNKS = `$O.${ARTIFACTS_BUCKET}.C`;
const RECORDS = `$O.${ARTIFACTS_BUCKET}.M`;
/** As many random bits as a guess can't find. */
const CONTENT_ID = /^[0-9a-f]{32}$/;

/** `$O.ARTIFACTS.C.<writer>.<id>`: the bytes of one stored content, in order. */
export function artifactChunkSubject(of: { writer: ArtifactWriter; id: string }): string {
  return `${CHUNKS}.${of.writer}.${token(of.id, CONTENT_ID)}`;
}

/** `$O.ARTIFACTS.M.<writer>.<sha256>`: which content has that digest, as its writer says. */
export function artifactRecordSubject(of: { writer: ArtifactWriter; sha256: Sha256 }): string {
  return `${RECORDS}.${of.writer}.${token(of.sha256, /^[0-9a-f]{64}$/)}`;
}

/** Filter over one writer's records of every digest. */
export function artifactRecordsOf(writer: ArtifactWriter): string {
  return `${RECORDS}.${writer}.*`;
}

/** Filter over every writer's records of a digest. */
export function artifactRecordFilter(sha256: Sha256): string {
  return `${RECORDS}.*.${token(sha256, /^[0-9a-f]{64}$/)}`;
}

/** All that a writer may store: any content, any record. */
export function artifactsOfWriter(writer: ArtifactWriter): readonly string[] {
  return [`${CHUNKS}.${writer}.*`, `${RECORDS}.${writer}.*`];
}

/** The parts of a record's subject, or undefined if it isn't one (S2). */
export function parseArtifactRecordSubject(
  subject: string,
): { writer: ArtifactWriter; sha256: Sha256 } | undefined {
  const [root, bucket, part, who, digest, ...rest] = subject.split(".");
  const writer = ARTIFACT_WRITERS.find((one) => one === who) ?? Lane.safeParse(who).data;
  const sha256 = Sha256.safeParse(digest);
  if (`${root}.${bucket}.${part}` !== RECORDS || rest.length > 0) return undefined;
  return writer && sha256.success ? { writer, sha256: sha256.data } : undefined;
}

/** The one subject of the mesh's controls: its last message is their state. */
export const CONTROL_SUBJECT = "baton.control.mesh";

/** `baton.command.<candidateId>.<commandId>` */
export function commandSubject(of: { candidateId: string; commandId: string }): string {
  return `baton.command.${token(of.candidateId, ID_PATTERN)}.${token(of.commandId, ID_PATTERN)}`;
}

/** Filter over the commands about one candidate, or under `MESH_ID` about the whole mesh. */
export function commandFilter(candidateId: string): string {
  return `baton.command.${token(candidateId, ID_PATTERN)}.>`;
}

/** The parts of a command subject, or undefined if it isn't one (S2). */
export function parseCommandSubject(
  subject: string,
): { candidateId: string; commandId: string } | undefined {
  const [root, kind, candidateId = "", commandId = "", ...rest] = subject.split(".");
  if (root !== "baton" || kind !== "command" || rest.length > 0) return undefined;
  if (!ID_PATTERN.test(candidateId) || !ID_PATTERN.test(commandId)) return undefined;
  return { candidateId, commandId };
}
