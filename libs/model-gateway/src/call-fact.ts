/** What the gateway tells of each call: figures and codes, never a prompt, an answer, a key or a token. */
import { type Amount, NOTHING, plus, type Spent, type Usage } from "./budget.ts";

export type DialectName = "responses" | "messages";

/** Where a call's figures come from: the answer itself; an upper bound, as the answer didn't say; nothing, as it cost nothing. */
export type Counted = "told" | "bound" | "nothing";

/** How a call ended: answered to its end, cut off by the agent, by a deadline or by the provider, or never begun there. */
export type CallEnd = "answered" | "agent-left" | "deadline" | "cut" | "unreachable" | "refused";

/** Why the gateway itself said no. */
export type RefusalCode =
  | "E_MODEL_BUDGET"
  | "E_MODEL_UNKNOWN"
  | "E_MODEL_CALL"
  | "E_MODEL_KEY"
  | "E_MODEL_PATH"
  | "E_MODEL_RECORD"
  | "E_MODEL_TOKEN"
  | "E_MODEL_BUSY"
  | "E_MODEL_UPSTREAM";

export type CallFact =
  /** Told, and stored by whoever is told, before the call is forwarded: after a crash it counts with all it may have taken. */
  | {
      readonly kind: "begun";
      readonly id: string;
      readonly at: string;
      readonly dialect: DialectName;
      readonly model: string;
      readonly holds: Amount;
      /** Present if the output was capped to what is left. */
      readonly cappedTo?: number;
      /** How many tools that the provider would run were taken out. */
      readonly toolsRemoved?: number;
    }
  | {
      readonly kind: "ended";
      readonly id: string;
      readonly at: string;
      readonly dialect: DialectName;
      readonly model: string;
      /** The provider's; absent if it didn't answer. */
      readonly status?: number;
      readonly end: CallEnd;
      readonly ms: number;
      readonly counted: Counted;
      readonly usage: Usage;
      readonly micros: number;
    }
  /** Nothing was forwarded, or (E_MODEL_KEY, E_MODEL_UPSTREAM) nothing came of it. */
  | {
      readonly kind: "refused";
      readonly at: string;
      readonly code: RefusalCode;
      /** For E_MODEL_BUDGET. */
      readonly because?: Spent;
    };

/** What the calls took, those that never ended at their most. */
export function sumOf(facts: Iterable<CallFact>): Amount {
  const open = new Map<string, Amount>();
  let sum = NOTHING;
  for (const fact of facts) {
    if (fact.kind === "begun") open.set(fact.id, fact.holds);
    if (fact.kind !== "ended") continue;
    open.delete(fact.id);
    sum = plus(sum, amountOfFact(fact));
  }
  return [...open.values()].reduce(plus, sum);
}

function amountOfFact({ usage, micros }: Extract<CallFact, { kind: "ended" }>): Amount {
  const tokens = usage.input + usage.cachedInput + usage.cacheWrite + usage.output;
  return { tokens, micros, calls: 1 };
}
