/** The invariants of the design, by number, as checks on one decision or a whole story. Each gives what is violated. */
import {
  awaitedDispatch,
  canonicalJson,
  deduplicationId,
  Entry,
  type EvidenceRecord,
  foldWhole,
  incidentsOf,
  isDispatch,
  reasonText,
  type StoredEntry,
  type WholeEntry,
  wireOf,
} from "@baton/contracts";
import { adviceOn, inTerminal } from "@baton/views";

import { decide } from "../candidate/decide.ts";
import { evidenceDigest } from "../candidate/enter.ts";
import { questionOf, type ReplaySources } from "../candidate/replay.ts";
import { type Playbook, stageRule } from "../format/playbook.ts";
import { shiftInstant } from "../instant.ts";
import type { Story, Told } from "./story.ts";

type Checks = readonly (readonly [invariant: string, holds: boolean])[];

const failing = (checks: Checks): string[] =>
  checks.filter(([, holds]) => !holds).map(([invariant]) => invariant);

/** What one decision violates. */
export function violationsOf({ question, decision }: Told): string[] {
  if (decision.kind !== "append") return [];
  const { last, playbook } = question;
  const after = decision.entry;
  return failing([
    ...form(after),
    ...standing(after),
    ...stops(question, after),
    ...(last ? [...chain(last, question, after), ...hold(last.entry, question, after)] : []),
    ...(last ? retries(last, question, after) : []),
    ...(last && isDispatch(after) ? move(last.entry, question, after) : []),
    ["J3 a stage comes up once in a run", after.visited.length === new Set(after.visited).size],
    ["pinned to its playbook", after.playbook === playbook.digest],
    [
      "it carries what its playbook asks of a walk-forward",
      canonicalJson(after.walkForward ?? null) ===
        canonicalJson(playbook.limits.walkForward ?? null),
    ],
    ["it carries its playbook's gate policy", after.gatePolicy === playbook.limits.gatePolicy],
  ]);
}

/** What a whole story violates. */
export function violationsIn({ journal, told }: Story): string[] {
  const dispatches = journal.filter(({ entry }) => isDispatch(entry));
  const ids = dispatches.map(({ entry }) => deduplicationId(entry));
  const replayed = told.map(({ question }) => JSON.stringify(decide(overTheWire(question))));
  return failing([
    ["J3 no stage run is dispatched twice", new Set(ids).size === ids.length],
    ["a command is applied once", appliedOnce(journal)],
    ["E3, E4 the journal gives all that an entry rests on", isFolded({ journal, told })],
    [
      "J10 a replay decides the same, byte for byte",
      replayed.every((text, index) => text === JSON.stringify(told[index]?.decision)),
    ],
    ["J10 the journal and what it names are enough for that", isReplayable(journal, told)],
  ]);
}

function isReplayable(journal: Story["journal"], told: Story["told"]): boolean {
  const happenings = told.map(({ question }) => question.happening);
  const commands = happenings.flatMap((one) => (one.kind === "command" ? [one.command] : []));
  const reports = happenings.filter((one) => one.kind === "report");
  const sources: ReplaySources = {
    command: (id) => commands.find((one) => one.id === id),
    report: (sequence) => reports.find((one) => one.sequence === sequence),
    controls: (sequence) =>
      told.map(({ question }) => question.controls).find((one) => one?.sequence === sequence)
        ?.controls,
    playbook: (digest) =>
      told.map(({ question }) => question.playbook).find((one) => one.digest === digest),
  };
  return journal.every(({ entry, text }, index) => {
    const question = questionOf(journal[index - 1], entry, sources);
    if (typeof question === "string") return false;
    const again = decide(overTheWire(question));
    return again.kind === "append" && textOf(again.entry) === text;
  });
}

function textOf(entry: WholeEntry): string {
  return JSON.stringify(wireOf(entry));
}

/** What an entry rests on is told by the journal's bytes alone, as it was when the entry was decided; each names the one before. */
function isFolded({ journal, told }: Pick<Story, "journal" | "told">): boolean {
  const decided = told.flatMap(({ decision: one }) => (one.kind === "append" ? [one.entry] : []));
  const stored = journal.map(({ sequence, sha256, text }) => {
    return { sequence, sha256, entry: Entry.parse(JSON.parse(text)) };
  });
  return foldWhole(stored).every(
    ({ entry }, index) =>
      canonicalJson(entry) === canonicalJson(JSON.parse(JSON.stringify(decided[index]))) &&
      entry.prevSha256 === (journal[index - 1]?.sha256 ?? null),
  );
}

function form(after: WholeEntry): Checks {
  const text = textOf(after);
  const read = Entry.safeParse(JSON.parse(text));
  const texts = read.success && JSON.stringify(read.data) === text;
  return [[`an entry is read as it was written: ${read.error?.message ?? ""}`, texts]];
}

/** J5: whoever asks why it stands there gets an answer. */
function standing(after: Entry): Checks {
  const { state } = reasonText(after.reason);
  const closed = after.holder === "closed";
  const asking = after.holder === "review";
  return [
    ["J5 holder and reason fit", (state === "closed") === closed && (state === "human") === asking],
    ["J5 an open candidate has a deadline", (after.deadline === null) === closed],
    ["J5 a review has a question with an action", asking === (after.review !== null)],
    ["J5 a review has one suggested action", !asking || inTerminal(adviceOn(after)) !== ""],
    ["a lane has its retry rule", (after.rule !== null) === (!asking && !closed)],
    ["a lane is awaited", asking || (after.awaits === null) === closed],
  ];
}

/** J7: told here on its own, from the playbook's document and the controls. */
function stops({ controls, playbook }: Told["question"], after: Entry): Checks {
  const state = controls?.controls;
  if (!state || !isDispatch(after)) return [];
  const rule = stageRule(playbook, after.stage);
  const recovers = [...playbook.stages.values()].some(({ incident }) => incident === after.stage);
  const changes = rule.mutable && rule.incident !== null;
  const frozen = state.incidents.some(({ id, scope }) => {
    if (recovers || incidentsOf(after).includes(id)) return false;
    if (scope.kind === "candidate") return scope.candidateId === after.candidateId;
    return scope.kind === "all" || scope.lane === rule.lane;
  });
  return [
    ["J7 an engaged kill switch stops promotions", !changes || state.killSwitch === null],
    ["J7 an open incident freezes its scope", !frozen],
    ["J7 a change that Git doesn't have blocks promotions", !changes || state.tasks.length === 0],
    ["J10 it names the controls it was decided under", after.controls === controls.sequence],
  ];
}

function chain(
  { sequence, entry }: StoredEntry,
  { happening }: Told["question"],
  after: Entry,
): Checks {
  return [
    ["J1 an entry names the one before", after.prev === sequence && after.n === entry.n + 1],
    ["J1 of the same candidate", after.candidateId === entry.candidateId],
    [
      "nothing but an incident follows on a closed candidate",
      entry.holder !== "closed" || happening.kind === "incident",
    ],
  ];
}

function hold(before: Entry, { happening }: Told["question"], after: Entry): Checks {
  const type = happening.kind === "command" ? happening.command.type : happening.kind;
  const lifted = ["resume", "cancel", "send-back", "incident"].includes(type);
  const held = canonicalJson(after.hold) === canonicalJson(before.hold);
  return [
    ["J7 a hold stays until a person lifts it", before.hold === null || lifted || held],
    ["J7 nothing is with a lane during a hold", after.hold === null || after.holder === "review"],
  ];
}

function retries(
  last: StoredEntry,
  { happening, playbook }: Told["question"],
  after: Entry,
): Checks {
  if (happening.kind !== "report" || happening.report.type !== "attempt") return [];
  const { failure, attempt, stage, waits = false } = happening.report;
  const { maxRetries } = stageRule(playbook, stage).policies.transient;
  const goesOn = awaitedDispatch({ sequence: -1, entry: after }) === awaitedDispatch(last);
  const may = failure.class === "transient" && (waits || attempt <= maxRetries);
  const latest = after.tallies?.at(-1);
  const alike = latest?.stage === stage ? latest.count : 0;
  return [
    ["J6 only transient failures are retried, at most maxRetries times", may || !goesOn],
    ["J6 and not the same one again and again", alike < playbook.limits.maxSameFailures || !goesOn],
  ];
}

function move(
  before: WholeEntry,
  { evidence, playbook }: Told["question"],
  after: WholeEntry,
): Checks {
  const from = stageRule(playbook, before.stage);
  const to = stageRule(playbook, after.stage);
  const approved: Checks = [["J2 the approvals it needs are given", hasApprovals(playbook, after)]];
  if (after.cause.kind === "command" && after.cause.type === "send-back") {
    const anew = after.runId !== before.runId && after.artifacts.length === 0;
    const receipt = { from: null, to: playbook.start, rule: "transition_allowed" };
    const guarded = canonicalJson(after.guard) === canonicalJson(receipt);
    return [...approved, ["what is sent back starts anew", anew && guarded]];
  }
  if (leadsToRecovery(playbook, after)) return approved;
  if (after.guard === null) {
    const moved = after.stage !== before.stage || after.runId === before.runId;
    return [...approved, ["without the guard the same stage runs anew, nothing else", !moved]];
  }
  const proof = after.evidence;
  const verified = [evidence, before.evidence].some(
    (one) => canonicalJson(one) === canonicalJson(proof),
  );
  return [
    ...approved,
    [
      "J2 the guard's receipt is of this move",
      after.guard?.from === from.stage && after.guard.to === to.stage,
    ],
    [
      "J2 the guard allowed it",
      after.guard?.rule === "transition_allowed" && from.to.includes(to.stage),
    ],
    ["J2 the evidence is what was verified", verified],
    ["J2 the artifacts were found", !to.needsArtifact || allPresent(proof)],
    ["J2 the gate passed", !to.needsGate || from.gate === null || proof?.gate?.verdict === "pass"],
  ];
}

/** By an incident that people opened, whether or not the recovery stage had to be approved first. */
function leadsToRecovery(playbook: Playbook, { cause, incident, stage }: Entry): boolean {
  const recovers = [...playbook.stages.values()].some((rule) => rule.incident === stage);
  const ended = cause.kind === "command" && ["cancel", "reject"].includes(cause.type);
  if (recovers && ended) return true;
  const named = cause.kind !== "incident" || incident?.id === cause.incidentId;
  return recovers && incident != null && named;
}

function allPresent(evidence: EvidenceRecord | null): boolean {
  const found = Object.values(evidence?.artifacts ?? {});
  return found.length > 0 && found.every((state) => state === "present");
}

/** Counted here on its own; every specification of these stories needs them wherever a stage has a rule. */
function hasApprovals(playbook: Playbook, entry: WholeEntry): boolean {
  const rule = stageRule(playbook, entry.stage).approvals;
  if (!rule) return true;
  const digest = evidenceDigest(entry.artifacts);
  const by = entry.approvals
    .filter(
      (one) =>
        one.stage === entry.stage &&
        one.runId === entry.runId &&
        one.evidence === digest &&
        entry.time < shiftInstant(one.time, rule.expiresSeconds * 1000),
    )
    .map((one) => one.by);
  return new Set(by).size >= rule.required && !(rule.notAuthor && by.includes(entry.author));
}

/** Among any 20 commands applied in a row. */
function appliedOnce(journal: readonly StoredEntry[]): boolean {
  const ids = journal.flatMap(({ entry }) =>
    entry.cause.kind === "command" ? [entry.cause.commandId] : [],
  );
  return ids.every((id, index) => !ids.slice(Math.max(0, index - 20), index).includes(id));
}

function overTheWire(question: Told["question"]): Told["question"] {
  const { happening, evidence } = question;
  return { ...question, happening: copy(happening), evidence: copy(evidence) };
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
