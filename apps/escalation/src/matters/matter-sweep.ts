/**
 * Settles every matter about which something is to be done, given the latest controls.
 *
 * W1: controls that changed several times between two sweeps are read back, so that what was opened and ended in between is told
 *     too; at most LOOK_BACK_MS, well below the time that an answered record is kept: within it none is opened twice.
 * W2: what is settled is decided anew on what bucket and controls say then; a sweep only says where to look.
 */
import type { MeshMatterRecord, StoredControls } from "@baton/contracts";
import { controlHistory, type Mesh } from "@baton/mesh";
import type { Log } from "@baton/telemetry";

import { inTurns } from "../in-turns.ts";
import type { Switchboard } from "../notices/switchboard.ts";
import { isDue, type NoticePolicy } from "../notices/told-rules.ts";
import type { RecordCopy } from "../record-copy.ts";
import type { MatterDesk } from "./matter-desk.ts";
import { hasChanged, type Sighting, sightingsIn } from "./matter-rules.ts";

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
  const { mesh, copy, now } = parts;
  /** Sequence up to which everything was settled. */
  let settledTo = 0;
  return async (last) => {
    const sinceMs = now() - LOOK_BACK_MS;
    const states = await controlHistory(
      mesh.controls,
      last,
      ({ sequence, controls }) => sequence > settledTo && Date.parse(controls.time) > sinceMs,
    );
    const sightings = sightingsIn(states);
    const records = new Map(Array.from(copy.matters(), (record) => [record.matter, record]));
    const seen = Array.from(sightings.values(), ({ matter }) => matter);
    const unseen = [...records.values()].filter(({ matter }) => !sightings.has(matter));
    const due = [...seen, ...unseen].filter(({ matter }) =>
      isToSettle(parts, sightings.get(matter), records.get(matter)),
    );
    if (await settleAll(parts, due)) settledTo = Math.max(settledTo, last.sequence);
  };
}

function isToSettle(
  { switchboard, policy, now }: MatterSweepParts,
  sighting: Sighting | undefined,
  record: MeshMatterRecord | undefined,
): boolean {
  if (!record) return true;
  const isBehind = !sighting || sighting.end || hasChanged(record, sighting.matter);
  if (record.state === "open" && isBehind) return true;
  const isReachable = (name: string): boolean => switchboard.isReachable(name);
  return isDue(record, { policy, isReachable, nowMs: now() });
}

/** False if one of them has to be settled again. */
async function settleAll(
  { desk, log }: MatterSweepParts,
  matters: readonly { readonly matter: string; readonly openedAt: string }[],
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
