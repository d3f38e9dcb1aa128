export {
  type FindOptions,
  findNatsServer,
  type FoundNatsServer,
  type NatsServerSource,
} from "./find-nats-server.ts";
export { NatsServerError, type NatsServerErrorCode } from "./nats-server-error.ts";
export type { ServerSettings } from "./server-config.ts";
export { checkServerVersion, NATS_SERVER_FLOOR, type VersionCheck } from "./server-version.ts";
export type { ProcessExit } from "./spawn-tied.ts";
export { type RunningNatsServer, startNatsServer, type StartOptions } from "./start-nats-server.ts";
