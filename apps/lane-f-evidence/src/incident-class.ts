import { cut, type Entry, type IncidentClass, type IncidentRecord } from "@baton/contracts";

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
  const why = opening?.cause.kind === "incident" ? opening.cause.why : last.detail;
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
  const { cause, evidence, failure, guard, detail } = entry;
  const stage = guard?.from ?? (cause.kind === "report" ? cause.from : entry.stage);
  if (cause.kind === "command")
    return { stage, declaredBy: "person", reasons: [cut(cause.why ?? detail, 300)] };
  const gate = evidence?.gate;
  if (gate && gate.reasons.length > 0) return { stage, declaredBy: "gate", reasons: gate.reasons };
  const said = failure ? `${failure.code}: ${failure.message}` : detail;
  return { stage, declaredBy: failure ? "failure" : "gate", reasons: [cut(said, 300)] };
}

/** What a reason speaks of, the gravest class first: money at risk, wrong data, a wrong model, then machinery. */
const SIGNS: readonly (readonly [IncidentClass, RegExp])[] = [
  [
    "B",
    /kill.?switch|rollback|order|broker|slippage|shortfall|notional|hard.?limit|limit.?breach|execution|risk|position|reconcil|disabled|approval|E_POLICY|not_owned/i,
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
 * Classes that the reasons speak of, in order of the reasons' gravity; the first is the incident's. A reason counts for
 * the class of its own code, the text before the first ':', and for its whole text only if the code says nothing.
 * Reasons that nobody foresaw are C: somebody has to look at the machinery first.
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

function classOf(reason: string): IncidentClass {
  // A gate's reason as the journal has it is `<gateId>: <code>: <text>`.
  const codes = reason.split(":", 3).map((part) => part.trim());
  for (const code of codes) {
    const known = KNOWN[code];
    if (known) return known;
  }
  const says = (text: string) => SIGNS.find(([, sign]) => sign.test(text))?.[0];
  return says(codes[0] ?? "") ?? says(reason) ?? "C";
}
