export { STRATEGY_FAULTS, type StrategyFaultCode } from "./protocol.ts";
export { sourceProblem } from "./source-problem.ts";
export { strategyFailure } from "./strategy-failure.ts";
export {
  CHILD_SHA256,
  runStrategy,
  type StrategyAnswer,
  type StrategyFault,
  type StrategyRun,
} from "./run-strategy.ts";
