/** The mesh's controls: what is stopped on purpose, what ends soon, and what nobody has acted on. */
import type { Controls, StoredControls, TimedEntry } from "@baton/contracts";
import { UserError } from "@baton/text/user-error";
import { ageText, scopeText, stopOf } from "@baton/views";

import { lastControls } from "../reading/read-controls.ts";
import type { ReadingSession } from "../reading/refuse-lost.ts";
import { fault, type Finding, ok, remark } from "./finding.ts";
import type { World } from "./world.ts";

/** A coordinator acts on a change of the controls within a second, and on what it missed at its next look. */
const ACTS_MS = 30_000;
/** An emergency that ends so soon is told as ending. */
const SOON_MS = 600_000;
/** Most that are named one by one. */
const NAMED = 10;

/** The state as it was read. */
export interface ReadControls {
  readonly stored: StoredControls;
}

/** The state, or what keeps it from being read. */
export type LookAtControls = ReadControls | { readonly unreadable: Finding };

const OLDER =
  "No newer release reads it: run the release that wrote it, or begin with a fresh data folder. Nothing is promoted and no order is placed until then.";

/** Reads the state; throws what isn't the state's own fault. */
export async function lookAtControls(session: ReadingSession): Promise<LookAtControls> {
  try {
    return { stored: await lastControls(session) };
  } catch (error) {
    if (error instanceof UserError && error.details.code === "E_LOG_RESET") {
      const { message, action } = error.details;
      return { unreadable: fault("controls", `E_LOG_RESET ${message}`, action) };
    }
    if (!(error instanceof Error) || error.name !== "ControlsCorrupt") throw error;
    const isOlder = "olderRelease" in error && error.olderRelease === true;
    if (isOlder) return { unreadable: fault("controls", error.message, OLDER) };
    const repair =
      "Nobody but the coordinator may publish to baton.control.>: check the permissions. Nothing is promoted and no order is placed until an operator removes that message.";
    return { unreadable: fault("controls", error.message, repair) };
  }
}

/** What holds now. */
export async function examineControls({ controls, serverNow }: World): Promise<Finding[]> {
  const looked = await controls();
  return "unreadable" in looked ? [looked.unreadable] : controlFindings(looked.stored, serverNow);
}

/** Candidates that stand still although nothing stops them. */
export async function examineStopped({ controls, journal, serverNow }: World): Promise<Finding[]> {
  const looked = await controls();
  const { open } = await journal();
  return stuckFindings(open, "unreadable" in looked ? undefined : looked, serverNow);
}

/** What holds, each with what ends it. */
export function controlFindings({ controls }: StoredControls, now: number): Finding[] {
  const { killSwitch, incidents, tasks } = controls;
  const age = (time: string): string => ageText(now - Date.parse(time));
  const findings: Finding[] = [];
  if (killSwitch) {
    findings.push(
      remark(
        "kill switch",
        `engaged for ${age(killSwitch.time)} by ${killSwitch.by}: ${killSwitch.why}`,
        "Two people release it: `baton kill-switch release --why …`.",
      ),
    );
  }
  for (const { id, class: kind, scope, by, time, why } of incidents) {
    findings.push(
      remark(
        "incident",
        `${id} of class ${kind} on ${scopeText(scope)}, open for ${age(time)}, by ${by}: ${why}`,
        `\`baton get controls\` shows who hasn't recovered; then \`baton incident close ${id} --why …\`.`,
      ),
    );
  }
  findings.push(...emergencyFindings(incidents, now));
  for (const { id, ticket, scope, time } of tasks) {
    findings.push(
      remark(
        "task",
        `${id}: what was changed on ${scope} under ${ticket} isn't in Git for ${age(time)}; nothing is promoted`,
        `Bring it to Git, then \`baton close-task ${id} --commit SHA --why …\`.`,
      ),
    );
  }
  return findings.length > 0 ? findings : [ok("controls", "nothing is stopped")];
}

function emergencyFindings(incidents: Controls["incidents"], now: number): Finding[] {
  return incidents.flatMap(({ id, emergency }) => {
    if (!emergency) return [];
    const { ticket, scope, until, ended } = emergency;
    const left = Date.parse(until) - now;
    const about = `${id}'s under ${ticket} on ${scope}`;
    if (ended) return [remark("emergency", `${about} is over since ${until}`)];
    if (left + ACTS_MS < 0)
      return [
        fault(
          "emergency",
          `${about} is over since ${until}, and nobody noted it`,
          "Start the coordinator: it ends it.",
        ),
      ];
    const ending = `${about} ends ${left > 0 ? `in ${ageText(left)}` : "now"}`;
    return left < SOON_MS
      ? [
          remark(
            "emergency",
            ending,
            "Finish the change; a new emergency can be declared when it is over.",
          ),
        ]
      : [remark("emergency", ending)];
  });
}

/** Candidates that wait for a control that isn't there any more, longer than a coordinator takes to let them go on. */
export function stuckFindings(
  entries: readonly TimedEntry[],
  controls: ReadControls | undefined,
  now: number,
): Finding[] {
  if (!controls) return [];
  const { stored } = controls;
  const changed = stored ? Date.parse(stored.controls.time) : 0;
  const stuck = entries.filter(
    ({ entry, storedAt }) =>
      Math.max(changed, storedAt) + ACTS_MS < now &&
      stopOf(entry, stored?.controls)?.kind === "over",
  );
  return stuck.slice(0, NAMED).map(({ entry }) => {
    const found = `${entry.candidateId} still stands for ${entry.reason}, which is over`;
    return fault("stopped", found, "Start the coordinator: it lets them go on.");
  });
}
