export {
  awaitHttpReady,
  forgetAddress,
  type HttpReadiness,
  readAddress,
} from "./http-readiness.ts";
export { answersHttp, type Liveness } from "./liveness.ts";
export { endOfLog } from "./log-end.ts";
export {
  exitInWords,
  type ManagedProcess,
  type ProcessExit,
  type ProcessStart,
  spawnProcess,
} from "./managed-process.ts";
export { DEFAULT_RESTART_POLICY, restartDelay, type RestartPolicy } from "./restart-policy.ts";
export { letYield, SERVICE_ENV, SERVICE_NODE_FLAGS } from "./small-process.ts";
export {
  type Service,
  ServiceFailed,
  type ServiceEvent,
  type ServiceState,
  supervise,
  type Supervised,
} from "./supervise.ts";
