/**
 * Settles every matter about which something is to be done, given the latest controls.
 *
 * W1: controls that changed several times between two sweeps are read back, so that what was opened and ended in between is told
 *     too; at most LOOK_BACK_MS, well below the time that an answered record is kept: within it none is opened twice.
 * W2: what is settled is decided anew on what bucket and controls say then; a sweep only says where to look.
 */
import type { MeshMatter, MeshMatterRecord, StoredControls } from "@baton/contracts";
import { controlHistory, type Mesh } from "@baton/mesh";
import type { Log } from "@baton/telemetry";

import { inTurns } from "../in-turns.ts";
import type { Switchboard } from "../notices/switchboard.ts";
import { isDue, type NoticePolicy } from "../notices/told-rules.ts";
import type { RecordCopy } from "../record-copy.ts";
import { isEngineMatter } from "./engine-matters.ts";
import type { MatterDesk } from "./matter-desk.ts";
import { hasChanged, sightingsIn } from "./matter-rules.ts";
import { mattersIn } from "./matters-in.ts";

/** What a sweep works with. */
export interface MatterSweepParts {
  readonly mesh: Pick<Mesh, "controls">;
  readonly copy: Pick<RecordCopy, "matters">;
  readonly desk: MatterDesk;
  readonly switchboard: Pick<Switchboard, "isReachable">;
  readonly policy: NoticePolicy;
  readonly log: Log;
  readonly now: () => number;
}

const LOOK_BACK_MS = 600_000;

/** Makes a sweep, of which several may run at a time. Rejects if the controls can't be read back. */
export function createMatterSweep(
  parts: MatterSweepParts,
): (last: StoredControls) => Promise<void> {
  const { copy } = parts;
  /** Sequence up to which everything was settled. */
  let settledTo = 0;
  return async (last) => {
    const { sequence: latest, controls } = last;
    const open = mattersIn(controls).map((one) => ({ ...one, latest }));
    const names = new Set(open.map(({ matter }) => matter));
    const records = new Map(
      [...copy.matters()]
        .filter((record) => !isEngineMatter(record))
        .map((record) => [record.matter, record]),
    );
    const others = [...records.values()].filter(({ matter }) => !names.has(matter));
    const due = [
      ...open.filter((one) => isToSettle(parts, one, records.get(one.matter))),
      ...others.filter((one) => isToSettle(parts, undefined, one)),
    ];
    const settleMissed = async (): Promise<boolean> => {
      const seen = await readBack(parts, last, settledTo);
      const missed = seen.filter(({ matter }) => !names.has(matter) && !records.has(matter));
      return settleAll(parts, missed);
    };
    // What is open isn't kept waiting until the rest was read back.
    const settled = await Promise.all([settleAll(parts, due), settleMissed()]);
    if (settled.every(Boolean)) settledTo = Math.max(settledTo, latest);
  };
}

/** W1: matters that were open at any time since the controls under `settledTo`. */
async function readBack(
  { mesh, now }: MatterSweepParts,
  last: StoredControls,
  settledTo: number,
): Promise<readonly { readonly matter: string; readonly latest: number }[]> {
  const sinceMs = now() - LOOK_BACK_MS;
  const states = await controlHistory(
    mesh.controls,
    last,
    ({ sequence, controls }) => sequence > settledTo && Date.parse(controls.time) > sinceMs,
  );
  return Array.from(sightingsIn(states), ([matter, { sequence }]) => ({
    matter,
    latest: sequence,
  }));
}

/** `matter`: as it stands; undefined if it is over. */
function isToSettle(
  { switchboard, policy, now }: MatterSweepParts,
  matter: MeshMatter | undefined,
  record: MeshMatterRecord | undefined,
): boolean {
  if (!record) return true;
  const isBehind = !matter || hasChanged(record, matter);
  if (record.state === "open" && isBehind) return true;
  const isReachable = (name: string): boolean => switchboard.isReachable(name);
  return isDue(record, { policy, isReachable, nowMs: now() });
}

/** False if one of them has to be settled again. */
async function settleAll(
  { desk, log }: MatterSweepParts,
  matters: readonly { readonly matter: string; readonly latest: number }[],
): Promise<boolean> {
  let isAll = true;
  await inTurns(matters, async (one) => {
    try {
      if ((await desk.settle(one)) === "later") isAll = false;
    } catch (error) {
      isAll = false;
      log.warn({ matter: one.matter, err: error }, "matter not looked after; tried again later");
    }
  });
  return isAll;
}
