/** The one thing to do about a candidate, and who may: made from the entry's facts when it is shown. */
import {
  type About,
  type Entry,
  reasonText,
  type ReviewAnswer,
  type StoppedBy,
} from "@baton/contracts";
import { approvalState } from "@baton/playbook";
import { counted } from "@baton/text/counted";

import { laneSays } from "./lane-says.ts";
import { act, actsOf, type Phrase } from "./phrase.ts";

/** What to do about the candidate as it stands. */
export function adviceOn(entry: Entry): Phrase {
  if (entry.holder === "closed") return adviceOnClosed(entry);
  const { review } = entry;
  if (!review) return [reasonText(entry.reason).action];
  const advice = adviceOnReview(entry);
  const commands = review.answers?.map(({ command }) => command);
  const names = (verb: string): boolean => actsOf(advice).some((one) => one.verb === verb);
  if (!commands || commands.includes("resume") || !names("resume")) return advice;
  // To run something again would be refused.
  const runs = entry.iteration + 1;
  const cancel = act("cancel", entry.candidateId);
  return [
    `It has had ${counted(runs, "run")}, the playbook's limit: `,
    cancel,
    " it, and submit a changed candidate.",
  ];
}

function adviceOnClosed({ about, candidateId, reason }: Entry): Phrase {
  const ended = about.kind === "cancelled" || about.kind === "rejected";
  return ended && about.running === "may-run"
    ? [act("incident open", "--candidate", candidateId), " takes its strategy out of service."]
    : [reasonText(reason).action];
}

function adviceOnReview(entry: Entry): Phrase {
  const { about, candidateId: id, reason } = entry;
  const resume = act("resume", id);
  const cancel = act("cancel", id);
  if (entry.review?.denied)
    return [
      "Mend what the rule names, then ",
      resume,
      ` to run ${entry.stage} again, or `,
      cancel,
      ".",
    ];
  if (reason === "APPROVAL_REQUIRED")
    return ["Read the evidence, then ", act("approve", id), " or ", act("reject", id), "."];
  return adviceBy(entry, about.kind, about) ?? adviceOnReason(entry);
}

type Kinds = { readonly [K in About["kind"]]: Extract<About, { kind: K }> };

function adviceBy<K extends About["kind"]>(entry: Entry, kind: K, about: Kinds[K]) {
  // A newer release tells of more kinds than its type says, perhaps by a name that every object has.
  return Object.hasOwn(ADVICE, kind) ? ADVICE[kind]?.(entry, about) : undefined;
}

const toRunAgain = ({ candidateId }: Entry, first: string): Phrase => [
  `${first}, then `,
  act("resume", candidateId),
  " to run the stage again.",
];
const whenHoldEnds = ({ candidateId }: Entry): Phrase => [
  act("resume", candidateId),
  " when the reason for the hold is gone.",
];

/** Where what the entry is about says more than its reason. */
const ADVICE: { readonly [K in About["kind"]]?: (entry: Entry, about: Kinds[K]) => Phrase } = {
  gate: adviceOnGate,
  "unfit-evidence": (entry, { fault, lane }) =>
    toRunAgain(
      entry,
      fault.kind === "contradicts"
        ? `Find out who wrote that with the key of ${lane}, or which version it runs; change the key`
        : "Check the artifact store and the lane's log",
    ),
  "too-many-artifacts": (entry) =>
    toRunAgain(entry, "Make the lane pack what belongs together into one artifact"),
  failed: (entry, { same, stage }) =>
    adviceOnFailure(entry, {
      same: same !== undefined,
      said: laneSays(`The lane of ${stage}`, entry.failure?.action),
    }),
  "service-away": ({ cause, failure }) => {
    const lane = cause.kind === "service-away" ? cause.lane : "Its lane";
    const said = laneSays(lane, failure?.action) ?? "Bring back what is away.";
    return [`${said} Then all go on by themselves: nothing has to be resumed.`];
  },
  "unfit-result": (entry, { lane }) =>
    toRunAgain(entry, `Bring ${lane} and the coordinator to one release`),
  held: whenHoldEnds,
  kept: whenHoldEnds,
  stopped: (_, { by }) => adviceOnStop(by),
};

/** Where neither a gate nor a failure says more. */
function adviceOnReason(entry: Entry): Phrase {
  const doctor = act("doctor");
  const { reason } = entry;
  if (reason === "DEADLINE_PASSED") {
    return ["Check with ", doctor, ...toRunAgain(entry, " that the lane runs")];
  }
  if (reason === "LANE_CRASH_LOOP")
    return toRunAgain(entry, "Read the lane's log around the last attempts");
  if (reason === "NO_WORKERS") {
    const { cause } = entry;
    const many = cause.kind === "no-workers" && (cause.waiting ?? 1) > 1;
    const goesOn = many
      ? "all that wait for it then go on by themselves"
      : "it then goes on by itself";
    return ["Start its lane (", doctor, ` shows who is connected); ${goesOn}.`];
  }
  return reason === "PAUSED" ? whenHoldEnds(entry) : [reasonText(reason).action];
}

/** A changed candidate answers a gate's no, but takes nothing out of service: recovery has to be run again. */
function adviceOnGate(
  { candidateId: id }: Entry,
  about: { readonly stage: string; readonly verdict: string; readonly recovery?: true | undefined },
): Phrase {
  if (about.verdict === "inconclusive")
    return [
      "Read the gate report; ",
      act("resume", id),
      " to run the stage again, or ",
      act("reject", id),
      ".",
    ];
  if (about.recovery)
    return [
      "Mend what the gate report names, then ",
      act("resume", id),
      ` runs ${about.stage} again; until it is through, its strategy may still run.`,
    ];
  return [
    "Read the gate report, change the candidate and submit it as a new one, or ",
    act("cancel", id),
    " this one.",
  ];
}

/** A lane's words are about the attempt; what a person can do about the candidate is added. */
function adviceOnFailure(
  { candidateId: id, reason }: Entry,
  { same, said }: { readonly same: boolean; readonly said: string | undefined },
): Phrase {
  const mend = said ?? "Mend what the failure names.";
  const [resume, cancel] = [act("resume", id), act("cancel", id)];
  if (same)
    return [`${mend} Unchanged it fails again: mend that, then `, resume, ", or ", cancel, " it."];
  if (reason === "SPEC_INVALID") return [`${mend} `, cancel, " ends this one."];
  return [`${mend} When that is mended, `, resume, " runs the stage again."];
}

/** What lifts a stop. */
export function adviceOnStop(by: StoppedBy): Phrase {
  const controls = act("get controls");
  switch (by.kind) {
    case "kill-switch":
      return [controls, " shows the kill switch; two people release it."];
    case "incident":
      return [controls, ` shows incident ${by.id}; it goes on when that is closed.`];
    case "task":
      return ["Bring the change to Git, then ", act("close-task", by.id, "--commit", "SHA"), "."];
    default:
      return [controls, " shows what it waits for."];
  }
}

/** The answers that a phrase names and not everybody may give, and who has given them by `now`; none where everybody may. */
export function limitedAnswers(
  phrase: Phrase,
  entry: Entry,
  now: string,
): { readonly answers: readonly ReviewAnswer[]; readonly given: readonly string[] } {
  const verbs = new Set(actsOf(phrase).map(({ verb }) => verb));
  const answers = (entry.review?.answers ?? []).filter(
    ({ command, roles, people, notBy }) =>
      verbs.has(command) && (roles.length > 0 || people > 1 || notBy !== undefined),
  );
  const given = entry.approvals
    .filter((one) => approvalState(one, entry, now) === "counts")
    .map(({ by }) => by);
  return { answers, given };
}
