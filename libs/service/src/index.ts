export { EXIT, StartFailure } from "./exit-codes.ts";
export type { ExitCode } from "./exit-codes.ts";
export type { Mountable } from "./http-server.ts";
export { describeFaults, readConfig } from "./read-config.ts";
export type { ConfigFault, ConfigRead } from "./read-config.ts";
export { readSecretFile } from "./read-secret-file.ts";
export type { SecretRead } from "./read-secret-file.ts";
export type { Check, CheckResult } from "./readiness.ts";
export { runService } from "./run-service.ts";
export type { ServiceContext, ServiceDefinition, ServiceSchema } from "./run-service.ts";
export { ServiceConfig } from "./service-config.ts";
export type { ShutdownStep } from "./shutdown.ts";
export {
  flagText,
  integerText,
  numberText,
  secretText,
  urlListText,
  urlText,
} from "./variables.ts";
export { LaneServiceConfig, MeshServiceConfig, meshOptionsOf } from "./mesh-service-config.ts";
