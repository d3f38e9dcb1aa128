export { BROKER_TOKENS, BROKER_TOKENS_ENV } from "./broker-tokens.ts";
export { eventually, type EventuallyOptions, type NotYet } from "./eventually.ts";
export { findAlertmanager, type FoundAlertmanager } from "./find-alertmanager.ts";
export {
  runningServices,
  type ServiceExit,
  type SpawnedService,
  spawnService,
} from "./spawn-service.ts";
export {
  type ArtifactContent,
  createStageContext,
  type RecordedStageContext,
  type StageContextOptions,
} from "./stage-context.ts";
export { AS_READER, READ_TOKEN } from "./reader-token.ts";
export { linked } from "./linked.ts";
export { reportsAbout } from "./reports-about.ts";
export { publishRaw } from "./publish-raw.ts";
export { sampleEntry, type SampleChanges, sayingAll } from "./sample-entry.ts";
export { testSandbox } from "./test-sandbox.ts";
export { temporaryFolder, type TemporaryFolder } from "./temporary-folder.ts";
export { type ControlWish, startTestMesh, type TestMesh } from "./test-mesh.ts";
export { startTestNats, type TestNats, type TestNatsOptions, withNats } from "./test-nats.ts";
export {
  type OpenAlert,
  startTestAlertmanager,
  type TestAlertmanager,
} from "./test-alertmanager.ts";
export {
  CALM,
  controlled,
  emergency,
  incidentOf,
  lastOf,
  TEST_PLAYBOOK,
} from "./sample-controls.ts";
export {
  askedBy,
  causedBy,
  instant,
  keptResult,
  reported,
  START_MS,
  stored,
} from "./sample-history.ts";
