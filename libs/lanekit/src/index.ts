export { prettyJson, requireOfDispatch } from "./attempt-context.ts";
export {
  defineLane,
  done,
  type LaneDefinition,
  type StageContext,
  StageFailure,
  type StageOutcome,
  type StageWork,
} from "./define-lane.ts";
export {
  type DeliveredFile,
  type Delivery,
  deliveryOf,
  type Executor,
  type Job,
  JobDocument,
} from "./executor.ts";
export { inputDigests } from "./input-digests.ts";
export type {
  ArtifactStore,
  Dispatch,
  Inbox,
  Intake,
  JournalReader,
  ReportStore,
} from "./ports.ts";
export { OUTAGE_PAUSE_MS } from "./outage.ts";
export { preciseMs, preciseNow } from "./precise-clock.ts";
export type { LaneRuntime, RunningAttempt } from "./attempt.ts";
export { type RunningLane, runLane } from "./run-lane.ts";
export { type ProgramOptions, type ProgramOutput, runProgram } from "./run-program.ts";
export { type LaneMesh, type LaneSandbox, type LaneService, serveLane } from "./serve-lane.ts";
