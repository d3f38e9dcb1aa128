/** Everything that is examined, in the order in which it's told: a new finding is a file of its own and a line here. */
import { examineAdvisories } from "./examine-advisories.ts";
import { examineCandidates } from "./examine-candidates.ts";
import { examineClock } from "./examine-clock.ts";
import { examineConnections } from "./examine-connections.ts";
import { examineControls, examineStopped } from "./examine-controls.ts";
import { examineDisk } from "./examine-disk.ts";
import { examineHistory } from "./examine-history.ts";
import { examineRunning } from "./examine-running.ts";
import { examineServices } from "./examine-services.ts";
import { examineConsumers, examineStreams } from "./examine-streams.ts";
import type { Examiner } from "./world.ts";

/**
 * Those whose advice holds also while history is lost. All others take for given that what they see is all there is: then the
 * loss comes first.
 */
export const WHATEVER_IS_LOST: ReadonlySet<string> = new Set([
  "clock",
  "connections",
  "services",
  "disk",
  "history",
]);

/** Each by its name, which stands in the finding if it fails itself. */
export const EXAMINERS: Readonly<Record<string, Examiner>> = {
  clock: examineClock,
  connections: ({ session }) => examineConnections(session),
  services: examineServices,
  disk: examineDisk,
  history: ({ session, services }) => examineHistory(session, services),
  streams: examineStreams,
  consumers: examineConsumers,
  controls: examineControls,
  candidates: examineCandidates,
  stopped: examineStopped,
  runs: examineRunning,
  "set aside": examineAdvisories,
};
