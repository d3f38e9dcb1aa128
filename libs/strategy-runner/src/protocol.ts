/** What is said between a strategy's sandbox and whoever asks: one JSON line each way, in turn. */
import type { StrategyBar } from "@baton/artifacts";

/** The first line. */
export interface ChildOrder {
  readonly source: string;
  readonly sets: readonly Readonly<Record<string, number>>[];
  readonly seed: number;
  readonly warmUpRows: number;
  readonly weights: { readonly least: number; readonly most: number };
  /** So many rows on which a look at a later row is told as such; it costs, so not on all. */
  readonly watchedRows: number;
}

/** Every other line. */
export interface ChildRow {
  readonly bar: StrategyBar;
}

/** Why a source can't be used. */
export const STRATEGY_FAULTS = [
  /** It can't be loaded: syntax, an import, no `target`, or it throws while it is loaded. */
  "E_STRATEGY_SOURCE",
  /** It asks for a row that isn't known yet. */
  "E_LOOK_AHEAD",
  "E_STRATEGY_THROWS",
  /** No finite number, or outside its declared bounds. */
  "E_STRATEGY_WEIGHT",
  /** It took more memory than it may, or its process died. */
  "E_STRATEGY_KILLED",
  /** The same rows gave other weights. */
  "E_STRATEGY_DIFFERS",
] as const;
export type StrategyFaultCode = (typeof STRATEGY_FAULTS)[number];

export interface ChildFault {
  readonly code: StrategyFaultCode;
  readonly message: string;
  /** Index of the parameter set, where it is about one. */
  readonly set?: number;
}

/** The answer to a line: one weight per set, none to the first line; or why there is none. */
export type ChildAnswer = { readonly weights: readonly number[] } | { readonly fault: ChildFault };
