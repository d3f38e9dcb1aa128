import type { IncidentRecord } from "@baton/artifacts";
import { cut, type Entry, type IncidentClass } from "@baton/contracts";
import { particularsOf } from "@baton/views";

/** Why an incident was opened, as the journal tells it. */
export interface IncidentCause {
  readonly stage: string;
  readonly declaredBy: IncidentRecord["declaredBy"];
  readonly reasons: readonly string[];
  /** The incident that people opened; undefined where a gate or a failure led here. */
  readonly incident: { readonly id: string; readonly class: IncidentClass } | undefined;
  /** True where a person cancelled or rejected the candidate: nothing of it shall run any more. */
  readonly ended: boolean;
}

/** The cause as the journal up to the dispatch tells it: that of its last entry, or of the incident that it recovers from. */
export function causeOf(entries: readonly { readonly entry: Entry }[]): IncidentCause {
  const last = entries.at(-1)?.entry;
  if (!last) throw new Error("a journal that reaches the dispatch has an entry");
  const link = last.incident ?? undefined;
  const ending = endingOf(entries);
  if (!link)
    return { ...ownCause(ending ?? last), incident: undefined, ended: ending !== undefined };
  // An approval or a repetition may stand between the incident and this dispatch.
  const opening = entries.findLast(
    ({ entry: { cause } }) => cause.kind === "incident" && cause.incidentId === link.id,
  )?.entry;
  const why = opening?.cause.kind === "incident" ? opening.cause.why : particularsOf(last);
  const stage = opening?.guard?.from ?? last.guard?.from ?? last.stage;
  const { id, class: kind } = link;
  const incident = { id, class: kind };
  return {
    stage,
    declaredBy: "person",
    reasons: [cut(why, 300)],
    incident,
    ended: ending !== undefined,
  };
}

/** The entry by which a person led it to this recovery by ending it; undefined if nobody did. Repetitions and stops may follow it. */
function endingOf(entries: readonly { readonly entry: Entry }[]): Entry | undefined {
  const stage = entries.at(-1)?.entry.stage;
  const outside = entries.findLastIndex(({ entry }) => entry.stage !== stage);
  return entries
    .slice(outside + 1)
    .find(
      ({ entry: { cause } }) =>
        cause.kind === "command" && ["cancel", "reject"].includes(cause.type),
    )?.entry;
}

function ownCause(entry: Entry): Omit<IncidentCause, "incident" | "ended"> {
  const { cause, evidence, failure, guard } = entry;
  const stage = guard?.from ?? (cause.kind === "report" ? cause.from : entry.stage);
  if (cause.kind === "command")
    return { stage, declaredBy: "person", reasons: [cut(cause.why ?? particularsOf(entry), 300)] };
  const gate = evidence?.gate;
  if (gate && gate.reasons.length > 0) return { stage, declaredBy: "gate", reasons: gate.reasons };
  const said = failure ? `${failure.code}: ${failure.message}` : particularsOf(entry);
  return { stage, declaredBy: failure ? "failure" : "gate", reasons: [cut(said, 300)] };
}

/** What a code speaks of, the gravest class first: money at risk, wrong data, a wrong model, then machinery. */
const SIGNS: readonly (readonly [IncidentClass, RegExp])[] = [
  [
    "B",
    /kill.?switch|rollback|order|broker|slippage|shortfall|notional|hard.?limit|limit.?breach|execution|risk|position|reconcil|disabled|approval|E_POLICY|E_SURFACE/i,
  ],
  [
    "A",
    /data|dataset|stale.?open|null.?rate|gap|lineage|digest|contaminat|leak|holdout|corrupt|altered|freshness/i,
  ],
  [
    "D",
    /performance|drift|sharpe|drawdown|band|return|overfit|trials|regime|calibration|turnover|fragil|expectation/i,
  ],
  [
    "C",
    /E_GIT|E_ENGINE|E_JOURNAL|engine|run_hash|ramp_level|unavailable|deadline|timeout|crash|verify|hash|merge/i,
  ],
];

/**
 * Classes that the reasons' codes speak of, in order of gravity; the first is the incident's. Only codes count, the text after
 * them is for people: a reason as the journal has it is `<gateId>: <code>: <text>`, a failure's `<code>: <text>`.
 * Codes that nobody foresaw, and a person's words, are C: somebody has to look at the machinery first.
 */
export function classify(reasons: readonly string[]): [IncidentClass, ...IncidentClass[]] {
  const found = new Set(reasons.map(classOf));
  const [first = "C", ...rest] = SIGNS.map(([name]) => name).filter((name) => found.has(name));
  return [first, ...rest];
}

/** Codes of our own gates, which say exactly what they mean. */
const KNOWN: Readonly<Record<string, IncidentClass>> = {
  data_drift: "A",
  run_hash_drift: "C",
  run_hash_unknown: "C",
  ramp_level_drift: "C",
  performance_drift: "D",
  performance_unknown: "D",
  strategy_disabled: "B",
  reconciliation_mismatch: "B",
};

/** What a gate's id, its code or a failure's code looks like. */
const CODE = /^[A-Za-z][A-Za-z0-9_-]{1,63}$/;

function classOf(reason: string): IncidentClass {
  const parts = reason.split(":").map((part) => part.trim());
  const ending = parts.findIndex((part) => !CODE.test(part));
  // A last part is text, however short.
  const codes = parts.slice(0, Math.min(ending === -1 ? 2 : ending, parts.length - 1, 2));
  for (const code of codes) {
    const known = KNOWN[code];
    if (known) return known;
  }
  // The code says more than the gate that gave it.
  for (const code of codes.toReversed()) {
    const sign = SIGNS.find(([, speaks]) => speaks.test(code));
    if (sign) return sign[0];
  }
  return "C";
}
