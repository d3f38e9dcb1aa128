export {
  ArtifactAltered,
  type Artifacts,
  ArtifactTooLarge,
  openArtifacts,
  sha256Of,
} from "./artifacts.ts";
export { type ConnectionOptions, openConnection, Unavailable } from "./connect.ts";
export type { Delivery } from "./delivery.ts";
export { follow, type FollowOptions } from "./follow.ts";
export { type GroupWriter, openGroupWriter } from "./group-writer.ts";
export {
  type Appended,
  type Journal,
  JournalCorrupt,
  parseEntry,
  type TimedEntry,
} from "./journal.ts";
export type { LaneDispatch, LaneInbox } from "./lane-inbox.ts";
export { type Mesh, type MeshOptions, openMesh } from "./mesh.ts";
export {
  openPublisher,
  type Outgoing,
  type Publisher,
  Refused,
  REFUSALS,
  type Stored,
} from "./publisher.ts";
export type { PullOptions, PullWorker } from "./pull-worker.ts";
export { parseReport, type Reports, type StoredReport } from "./reports.ts";
export {
  DEFAULT_TOPOLOGY,
  type Drift,
  ensureTopology,
  findDrift,
  planTopology,
  type Topology,
  TopologyDrift,
  type TopologyOptions,
} from "./topology.ts";
export {
  checkServerVersion,
  fetchDebianPackage,
  fillCache,
  findNatsServer,
  type FoundNatsServer,
  NATS_SERVER_FLOOR,
  NatsServerError,
  type Program,
  readCache,
  type RunningNatsServer,
  spawnServer,
  startNatsServer,
  watchExit,
} from "./nats-server/index.ts";
