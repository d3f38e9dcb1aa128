export {
  foreignFindings,
  overdueFindings,
  reviewFindings,
} from "./diagnosis/examine-candidates.ts";
export { clockFinding } from "./diagnosis/examine-clock.ts";
export { examineDeep } from "./diagnosis/examine-deep.ts";
export { diskFinding, examineDisk } from "./diagnosis/examine-disk.ts";
export { examineServer } from "./diagnosis/examine-server.ts";
export { serviceFindings, storedFindings } from "./diagnosis/examine-services.ts";
export {
  type ConsumerNumbers,
  driftFinding,
  judge,
  streamInfo,
} from "./diagnosis/examine-streams.ts";
export { EXAMINERS, WHATEVER_IS_LOST } from "./diagnosis/examiners.ts";
export { failureIn } from "./diagnosis/failure-in.ts";
export { findObstacles } from "./diagnosis/find-obstacles.ts";
export { fault, type Finding, ok, remark } from "./diagnosis/finding.ts";
export { withObstacles } from "./diagnosis/obstacles.ts";
export { openWorld } from "./diagnosis/world.ts";
export { freeBytes, fullText, ROOM_BYTES } from "./here/disk-room.ts";
export { type MeshDirectory, meshDirectory } from "./here/mesh-directory.ts";
export { readerHeaders } from "./here/reader-headers.ts";
export {
  isHeldByOther,
  isRunning,
  MeshState,
  openStateFiles,
  readState,
  removeState,
  writeState,
} from "./here/up-state.ts";
export {
  candidateIdFrom,
  candidateTextFrom,
  countFrom,
  durationFrom,
  holderFrom,
  identityFrom,
  incidentClassFrom,
  reasonFrom,
  runIdFrom,
  sha256From,
  stageFrom,
} from "./people/arguments.ts";
export { keyInUse, operatingSystemUser, senderFrom } from "./people/identity.ts";
export {
  ensureKeyFile,
  keyFileOf,
  localKeyFile,
  readKeyFile,
  type SigningKey,
} from "./people/key-file.ts";
export { registryFor, registryIn } from "./people/registry-for.ts";
export {
  readApprovalQuestion,
  renderApprovalQuestion,
  renderApproved,
} from "./reading/approval-question.ts";
export {
  type CandidateRecord,
  openShelf,
  readRecord,
  type RecordedEntry,
} from "./reading/candidate-record.ts";
export { candidatesThatRun } from "./reading/candidates-that-run.ts";
export { findCandidate, onlyOne } from "./reading/find-candidate.ts";
export {
  readAll,
  readEntries,
  readLast,
  readReports,
  readWhole,
  unknownCandidate,
} from "./reading/read-candidate.ts";
export { controlHistory, lastControls } from "./reading/read-controls.ts";
export { readEntriesOf, readStandings, type Unreadable } from "./reading/read-model.ts";
export { readRunning } from "./reading/read-running.ts";
export { type HealthCheck, readServices, type ServiceView } from "./reading/read-services.ts";
export { hindranceOf, readUndecided } from "./reading/read-undecided.ts";
export { storeArtifact } from "./reading/store-artifact.ts";
export { gatherStored, pinnedPlaybook } from "./reading/stored-evidence.ts";
export {
  candidateOf,
  controlCommand,
  type ScopeOptions,
  type Wish,
  scopeFrom,
} from "./sending/control-command.ts";
export { checkSpecSize, parseSpec } from "./sending/parse-spec.ts";
export {
  type AcceptedReceipt,
  commandIdNow,
  type ControlledReceipt,
  describeProgress,
  type Progress,
  sendCommand,
  sendControl,
} from "./sending/send-command.ts";
export { readSeed } from "./session/read-seed-file.ts";
export { findServer, type MeshNamed, POINTER } from "./session/server-address.ts";
export { openSession, type Session } from "./session/session.ts";
export {
  meshesFileOf,
  parseMesh,
  type TrustedMesh,
  trustedMeshes,
  trustMesh,
} from "./session/trusted-meshes.ts";
