export { fillCache, type Program, readCache } from "./binary-cache.ts";
export { fetchDebianPackage } from "./debian-package.ts";
export { findNatsServer, type FoundNatsServer } from "./find-nats-server.ts";
export { ensureMeshKeys, type MeshKeys } from "./mesh-keys.ts";
export { NatsServerError } from "./nats-server-error.ts";
export { type PublicKeys, renderAccess } from "./render-access.ts";
export { spawnServer, watchExit } from "./spawn-tied.ts";
export { type RunningNatsServer, startNatsServer } from "./start-nats-server.ts";
export { answersAsNats } from "./wait-until-ready.ts";
