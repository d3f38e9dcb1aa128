/**
 * The rules that decide about one move and one failure, alone: nothing here loads a schema, so that a guard that knows its
 * playbook answers at once. Everything else of this package is in `index.ts`.
 */
export { evaluateFailure, type FailureAction } from "./policies/failure-policy.ts";
export {
  checkTransition,
  type TransitionRequest,
  type TransitionVerdict,
} from "./policies/guard.ts";
export type { Playbook, StageRule } from "./format/playbook.ts";
