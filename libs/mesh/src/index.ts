export {
  ArtifactAltered,
  type Artifacts,
  ArtifactTooLarge,
  openArtifacts,
  sha256Of,
} from "./artifacts.ts";
export { type Commands, openCommands, type StoredCommand } from "./commands.ts";
export { type ConnectionOptions, Denied, openConnection, Unavailable } from "./connect.ts";
export { type Denial, watchConnection } from "./connection-watch.ts";
export { controlHistory, ControlHistoryTooLong } from "./control-history.ts";
export { type ControlMemory, openControlMemory, SeenControls } from "./control-memory.ts";
export { type ControlReader, openControlReader } from "./control-reader.ts";
export {
  type ControlsAppended,
  ControlsCorrupt,
  lastMarked,
  type MeshControls,
  openControls,
  parseControls,
  readControls,
} from "./controls.ts";
export { type ControlWatch, type ControlWatchParts, watchControls } from "./control-watch.ts";
export type { Delivery } from "./delivery.ts";
export { readIfThere, writeDurably } from "./durable-file.ts";
export {
  findLosses,
  historyGuard,
  type HistoryState,
  type KnownMarks,
  readMarks,
  requireMarks,
} from "./find-losses.ts";
export { foldJournal, type JournalFold, type JournalFoldOptions } from "./fold-journal.ts";
export { follow, type FollowOptions, type Reader } from "./follow.ts";
export { type GroupWriter, openGroupWriter } from "./group-writer.ts";
export {
  type Appended,
  type Journal,
  type LastEntries,
  readLastEntries,
  type RecordedEntry,
} from "./journal.ts";
export { hashedEntry, JournalCorrupt, parseEntry } from "./parse-entry.ts";
export type { LaneDispatch, LaneInbox } from "./lane-inbox.ts";
export { LogReset } from "./log-reset.ts";
export { isStoredBy } from "./stored-by.ts";
export { type Mesh, type MeshOptions, openJetStream, openMesh, readMeshName } from "./mesh.ts";
export { createNewer, handBackMs, type Newer } from "./newer.ts";
export {
  openPublisher,
  type Outgoing,
  type Publisher,
  Refused,
  REFUSALS,
  type Stored,
} from "./publisher.ts";
export { PULSE_LATE_MS } from "./pulse.ts";
export type { PullOptions, PullWorker } from "./pull-worker.ts";
export type { StoredMessage } from "./read-page.ts";
export { type Damage, scrub, type ScrubProgress } from "./scrub.ts";
export { askHealth } from "./service-health.ts";
export { parseReport, readReport, type Reports } from "./reports.ts";
export { absent, type Drift, ensureTopology, findDrift, TopologyDrift } from "./ensure-topology.ts";
export { openTail, type Progress, type Tail, type TailOptions } from "./tail.ts";
export { DEFAULT_TOPOLOGY, planTopology, type Topology, type TopologyOptions } from "./topology.ts";
export {
  checkServerVersion,
  compareVersions,
  NATS_SERVER_FLOOR,
  type VersionCheck,
} from "./server-version.ts";
export {
  type Access,
  ACCOUNT_CONNECTIONS,
  accessOf,
  accountOf,
  API_PREFIX,
  type Kind,
  KINDS,
  SERVER_ASK,
  SERVICES,
} from "./access.ts";
