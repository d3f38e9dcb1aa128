/**
 * What a call may cost, and whether it may be made. Pure: no I/O, no clock.
 *
 * G1: nothing is forwarded once a budget is spent.
 * G2: what calls in flight may take at most is held; another one goes beside them only if it fits into the rest, else it waits.
 *     So a budget is overrun by one call at most, and only where that call's input was larger than its bytes let expect.
 */

/** Tokens of one call by how they are priced; the classes don't overlap. */
export interface Usage {
  /** Read anew. */
  readonly input: number;
  readonly cachedInput: number;
  /** Read anew and kept for later calls. */
  readonly cacheWrite: number;
  /** Reasoning included. */
  readonly output: number;
}

/** Of a currency unit for a million tokens, so of its millionths (`micros`) for one. */
export interface Price {
  readonly input: number;
  readonly cachedInput: number;
  /** As input if it isn't given. */
  readonly cacheWrite?: number | undefined;
  readonly output: number;
}

/** What budgets count. `micros` are millionths of the currency unit that prices are in; `tokens` are all of a call's. */
export interface Amount {
  readonly tokens: number;
  readonly micros: number;
  readonly calls: number;
}

export const NOTHING: Amount = { tokens: 0, micros: 0, calls: 0 };
export const NO_USAGE: Usage = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 };

export type Scope = "attempt" | "stage-run" | "candidate";
export type Measure = keyof Amount;

/** What may be spent, and what had been before; a measure without a limit isn't bounded. */
export interface Budget {
  readonly scope: Scope;
  readonly limit: { readonly [M in Measure]?: number | undefined };
  readonly spent: Amount;
}

/** A call that is asked for. */
export interface Wish {
  readonly price: Price;
  /** Its input in tokens: as may be expected, and at most. */
  readonly input: { readonly likely: number; readonly atMost: number };
  /** Most tokens of output: what it asks for, or all that its model can. */
  readonly output: number;
}

/** Which budget is spent. */
export interface Spent {
  readonly scope: Scope;
  readonly measure: Measure;
  readonly limit: number;
  readonly spent: number;
}

export type Decision =
  /** With that much output at most; `holds` is what it may take. */
  | { readonly kind: "allow"; readonly output: number; readonly holds: Amount }
  /** Until a call in flight has ended. */
  | { readonly kind: "wait" }
  | { readonly kind: "refuse"; readonly because: Spent };

/** Less output than this isn't worth its input; a call that asks for less gets that. */
const LEAST_OUTPUT = 2048;

/** Whether a call may be made while those that `held` stands for are in flight. */
export function decide(budgets: readonly Budget[], held: readonly Amount[], wish: Wish): Decision {
  const limits = budgets.flatMap(limitsOf);
  const spent = limits.find(({ left }) => left <= 0);
  if (spent) return { kind: "refuse", because: spent.because };
  if (held.length > 0) return besideOthers(limits, held, wish);
  const outputs = limits.map((limit) => ({ limit, output: outputWithin(limit, wish) }));
  const tightest = outputs.toSorted((one, other) => one.output - other.output)[0];
  const output = Math.min(wish.output, tightest?.output ?? Number.POSITIVE_INFINITY);
  if (tightest && output < Math.min(wish.output, LEAST_OUTPUT))
    return { kind: "refuse", because: tightest.limit.because };
  return { kind: "allow", output, holds: atMostOf({ ...wish, output }) };
}

interface Limit {
  readonly measure: Measure;
  readonly left: number;
  readonly because: Spent;
}

function limitsOf({ scope, limit, spent }: Budget): Limit[] {
  return (["tokens", "micros", "calls"] as const).flatMap((measure) => {
    const most = limit[measure];
    if (most === undefined) return [];
    const because = { scope, measure, limit: most, spent: spent[measure] };
    return [{ measure, left: most - spent[measure], because }];
  });
}

/** G2: it waits unless all that it may take fits beside what the others may take. */
function besideOthers(limits: readonly Limit[], held: readonly Amount[], wish: Wish): Decision {
  const taken = held.reduce(plus, NOTHING);
  const holds = atMostOf(wish);
  const fits = limits.every(({ measure, left }) => taken[measure] + holds[measure] <= left);
  return fits ? { kind: "allow", output: wish.output, holds } : { kind: "wait" };
}

function outputWithin({ measure, left }: Limit, { input, price }: Wish): number {
  switch (measure) {
    case "tokens":
      return Math.floor(left - input.likely);
    case "micros": {
      const forOutput = left - input.likely * price.input;
      if (forOutput < 0) return -1;
      return price.output === 0 ? Number.POSITIVE_INFINITY : Math.floor(forOutput / price.output);
    }
    case "calls":
      return Number.POSITIVE_INFINITY;
  }
}

/** All that it may take, at the dearest price of input. */
function atMostOf({ input, output, price }: Wish): Amount {
  const dearest = Math.max(price.input, price.cacheWrite ?? 0, price.cachedInput);
  const micros = Math.ceil(input.atMost * dearest + output * price.output);
  return { tokens: input.atMost + output, micros, calls: 1 };
}

/** What tokens cost, rounded up to a whole millionth. */
export function costOf(usage: Usage, price: Price): number {
  const micros =
    usage.input * price.input +
    usage.cachedInput * price.cachedInput +
    usage.cacheWrite * (price.cacheWrite ?? price.input) +
    usage.output * price.output;
  // A sum of decimal prices may be a hair above a whole number.
  return Math.max(0, Math.ceil(micros - 1e-6));
}

/** What one call took. */
export function amountOf(usage: Usage, price: Price): Amount {
  const { input, cachedInput, cacheWrite, output } = usage;
  const tokens = input + cachedInput + cacheWrite + output;
  return { tokens, micros: costOf(usage, price), calls: 1 };
}

export function plus(one: Amount, other: Amount): Amount {
  return {
    tokens: one.tokens + other.tokens,
    micros: one.micros + other.micros,
    calls: one.calls + other.calls,
  };
}
