/** The particulars of an entry as a sentence: made from its facts when it is shown, read by people only. */
import {
  type About,
  type Entry,
  type EvidenceFault,
  incidentsOf,
  type Left,
  type StoppedBy,
} from "@baton/contracts";
import { approvalState } from "@baton/playbook";
import { counted } from "@baton/text/counted";

import { foreignText } from "./foreign-text.ts";

type AboutOf<K extends About["kind"]> = Extract<About, { kind: K }>;

/** What happened, in one sentence or a few; several hundred characters where a lane or a gate had so much to say. */
export function particularsOf(entry: Entry): string {
  const { about } = entry;
  const told = say(entry, about.kind, about);
  const denied = entry.review?.denied;
  if (denied) return `guard refused ${denied.from} -> ${denied.to}: ${denied.rule}. ${told}`;
  return entry.reason === "APPROVAL_REQUIRED" && about.kind !== "approved"
    ? `${told.replace(/\.$/, "")}. ${needed(entry)}`
    : told;
}

type Kinds = { readonly [K in About["kind"]]: AboutOf<K> };

function say<K extends About["kind"]>(entry: Entry, kind: K, about: Kinds[K]): string {
  // A newer release tells of more kinds than its type says.
  return Object.hasOwn(SAYS, kind) ? SAYS[kind](entry, about) : foreignText(about);
}

/** Who did it and why, where a person did. */
function person({ cause }: Entry): { readonly by: string; readonly why: string } {
  if (cause.kind === "command") return { by: cause.by, why: cause.why ?? "no reason given" };
  if (cause.kind === "incident") return { by: cause.by, why: cause.why };
  return { by: "nobody", why: "no reason given" };
}

const SAYS: { readonly [K in About["kind"]]: (entry: Entry, about: Kinds[K]) => string } = {
  submitted: (entry) => `Submitted by ${entry.author}`,
  passed: (entry, { stage, summary }) => `${stage} passed: ${summary}${recovered(entry)}`,
  gate: gateText,
  "unfit-evidence": ({ runId }, { stage, fault }) => `${stage} of ${runId}: ${faultText(fault)}`,
  "too-many-artifacts": (_, { stage, own, all, most }) =>
    `${stage} failed: with its ${own} artifacts the run has ${all}; at most ${most} are allowed`,
  failed: failedText,
  attempt: ({ failure }, { attempt, of, next }) =>
    `Attempt ${attempt} of ${of} failed:${failure ? ` ${failure.code} ${failure.message}` : ""}; next at ${next}`,
  kept: ({ hold }, { stage }) =>
    `Result of ${stage} came in and is kept; on hold${hold ? ` by ${hold.by}: ${hold.why}` : ""}`,
  late: ({ runId }, { stage, lane, since, due }) =>
    `${stage} of ${runId} didn't report by ${due}; ${lane} had it since ${since}`,
  unanswered: unansweredText,
  "unfit-result": unfitText,
  "no-workers": ({ runId, cause }, { stage, ...about }) => {
    const asked = cause.kind === "no-workers" ? cause : undefined;
    const { lane = asked?.lane ?? "its lane", since = asked?.since ?? "long ago" } = about;
    const count = asked?.waiting ?? 1;
    const all = count > 1 ? `; ${count} candidates wait for it` : "";
    return `${stage} of ${runId} waits for ${lane}, which has given no sign of life since ${since}${all}`;
  },
  "workers-back": ({ holder, runId }, { stage, service }) =>
    `${holder} has ${service ? "what it works with" : "workers"} again; ${stage} of ${runId} goes on`,
  waits: ({ runId, failure }, { stage, still }) =>
    `${stage} of ${runId} ${still ? "still waits" : "waits until it is back"}: ${failureText(failure)}`,
  "service-away": ({ cause, failure }, { since }) => {
    const { lane, waiting: count } = cause.kind === "service-away" ? cause : NO_LANE;
    return `${lane} has waited since ${since}, with ${counted(count, "candidate")}: ${failureText(failure)}`;
  },
  approved: approvedText,
  rejected: (entry, { running }) => {
    const { by, why } = person(entry);
    return `Rejected by ${by}: ${why}.${runningText(running)}`;
  },
  cancelled: (entry, { left, running }) => {
    const { by, why } = person(entry);
    return `Cancelled by ${by}.${leftText(left)} Why: ${why}.${runningText(running)}`;
  },
  "sent-back": (entry, { left }) => {
    const { by, why } = person(entry);
    return `Sent back to ${entry.stage} by ${by}.${leftText(left)} Why: ${why}`;
  },
  incident: (entry, { left }) => {
    const { by, why } = person(entry);
    return `${incidentText(entry)} opened by ${by}: ${why}.${leftText(left)}`;
  },
  held: (entry, { stage, lane, stopped }) => {
    const { by, why } = person(entry);
    return stopped === undefined
      ? `On hold by ${by}. ${stage} was handed to ${lane} before and may finish: its result is kept, nothing is dispatched. Why: ${why}`
      : `On hold by ${by}, it was stopped already (${stopped}). Its kept result stays kept. Why: ${why}`;
  },
  released: (entry, { stage }) => {
    const { by, why } = person(entry);
    return `Hold lifted by ${by}: ${why}. ${stage} goes on.`;
  },
  rerun: (entry, { stage }) => {
    const { by, why } = person(entry);
    return `${stage} is run again, asked by ${by}: ${why}`;
  },
  interrupted: (_, { stage, message }) => `${stage} goes on: ${message}`,
  stopped: (_, { stage, by }) => `${stage} waits: ${stopText(by)}`,
};

const NO_LANE = { lane: "its lane", waiting: 1 };

function failureText(failure: Entry["failure"]): string {
  return failure ? `${failure.code} ${failure.message}` : "what is away isn't known";
}

function unansweredText({ cause, runId }: Entry, { stage, lane }: AboutOf<"unanswered">): string {
  const exhausted = cause.kind === "exhausted" ? cause : undefined;
  const times = exhausted ? `${exhausted.deliveries} times` : "again and again";
  const aside = exhausted?.why === undefined ? "" : `; set aside: ${exhausted.why}`;
  return `${stage} of ${runId} was delivered ${times} to ${lane} without an answer${aside}`;
}

function gateText(entry: Entry, { stage, verdict, summary, loops }: AboutOf<"gate">): string {
  const reasons = entry.evidence?.gate?.reasons ?? [];
  const why = reasons.length > 0 ? reasons.join("; ") : summary;
  if (verdict === "inconclusive") return `${stage} was inconclusive: ${why}`;
  const again = entry.reason === "GATE_FAILED" && loops > 0;
  const before = again ? ` again after ${loops} loop${loops > 1 ? "s" : ""} back` : "";
  return `${stage} failed${before}: ${why}`;
}

function recovered(entry: Entry): string {
  if (entry.reason !== "RECOVERED") return "";
  const incidents = incidentsOf(entry).join(", ");
  return `; recovery${incidents === "" ? "" : ` of incident ${incidents}`} took its strategy out of service`;
}

function failedText({ failure, runId }: Entry, { stage, attempt, same }: AboutOf<"failed">) {
  const said = failure ? `${failure.code} ${failure.message}` : "";
  if (!same) return `${stage} failed at attempt ${attempt}: ${said}`;
  const first = same.since === runId ? `${same.since} (this one)` : same.since;
  return `${stage} failed ${same.count} times alike: same failure as run ${first}, inputs unchanged: ${said}`;
}

function unfitText({ cause, runId }: Entry, { stage, lane, answers }: AboutOf<"unfit-result">) {
  const where = "sequence" in cause ? `REPORTS ${cause.sequence}, ` : "";
  const unreadable = cause.kind === "unreadable" ? cause.why : "it can't be read";
  const why = answers
    ? `it answers entry ${answers.dispatch}, the dispatch is ${answers.awaited}`
    : unreadable;
  return `The result of ${stage} of ${runId} (${where}by ${lane}) can't be taken: ${why}`;
}

function approvedText(entry: Entry, { by, missing, stage, expired }: AboutOf<"approved">): string {
  const given = `Approved by ${by.join(", ")}: ${person(entry).why}`;
  if (missing === 0) return given;
  const names = (expired ?? []).map((one) => `${one.by} (${one.expires})`).join(", ");
  const lost = names === "" ? "" : ` No longer counted, expired: ${names}.`;
  return `${given}. ${missing} more needed for ${stage}.${lost}`;
}

/** How many approvals a question needs, and which ones given before don't count for it. */
function needed(entry: Entry): string {
  const next = entry.review?.next;
  const answer = entry.review?.answers?.find(({ command }) => command === "approve");
  const people = answer?.people ?? 1;
  const roles = answer?.roles ?? [];
  const by = roles.length > 0 ? ` by ${roles.join(" or ")}` : "";
  // Whatever was given for an earlier question and not used was given on other evidence or for another run.
  const given = entry.approvals.filter(
    (one) => one.stage === next && approvalState(one, entry, entry.time) === "void",
  );
  const names = [...new Set(given.map((one) => one.by))].join(", ");
  const lost = names === "" ? "" : ` Void, since given for an earlier question: ${names}.`;
  return `${next} needs ${people} approval${people > 1 ? "s" : ""}${by}.${lost}`;
}

function incidentText({ cause }: Entry): string {
  return cause.kind === "incident"
    ? `Incident ${cause.incidentId} of class ${cause.class}`
    : "Incident";
}

function leftText({ inFlight, dropped, heldBy, changed }: Left): string {
  return [
    inFlight
      ? ` ${inFlight.stage} was in flight: ${inFlight.lane} is told to stop, its result won't count.`
      : "",
    dropped === undefined ? "" : ` The result of ${dropped} that was kept is dropped.`,
    heldBy === undefined ? "" : ` The hold by ${heldBy} ends with it.`,
    changed ? ` Not undone: what ${changed.join(", ")} changed.` : "",
  ].join("");
}

function runningText(running: AboutOf<"cancelled">["running"]): string {
  if (running === undefined) return "";
  return running === "may-run"
    ? " Its strategy may still run."
    : " What it promoted is taken out of service first.";
}

/** What a candidate waits for. */
export function stopText(by: StoppedBy): string {
  switch (by.kind) {
    case "kill-switch":
      return `the kill switch is engaged since ${by.since} by ${by.by}: ${by.why}`;
    case "incident":
      return `incident ${by.id} is open since ${by.since} by ${by.by}: ${by.why}`;
    case "task":
      return `what was changed on ${by.scope} under ${by.ticket} isn't in Git yet (${by.id})`;
    default:
      return foreignText(by);
  }
}

/** What is wrong with the evidence for a result. */
export function faultText(fault: EvidenceFault): string {
  const { artifact } = fault;
  switch (fault.kind) {
    case "named-twice":
      return `its result names the artifact ${artifact} twice`;
    case "made-elsewhere":
      return `artifact ${artifact} was made by ${fault.stage} of ${fault.runId}`;
    case "not-stored":
      return `artifact ${artifact} is ${fault.state} in the store`;
    case "contradicts":
      return `artifact ${artifact} contradicts the dispatch: ${fault.what}`;
    case "no-gate-report":
      return `its gate report ${artifact} is missing or of another run`;
    case "other-gate-report":
      return `its gate report ${artifact} isn't the one that was read (${fault.read.slice(0, 12)})`;
    case "not-named":
      return `its result doesn't name the artifact ${artifact} that the playbook asks for`;
    case "replaces":
      return `artifact ${artifact} would replace the one that ${fault.stage} made`;
    case "not-its-own":
      return `artifact ${artifact} is one that the playbook asks of ${fault.stage}`;
    default:
      return `artifact ${artifact}: ${foreignText(fault)}`;
  }
}
