/**
 * Asks the engine again and again what a person must look at, and settles a matter for each. Whoever doesn't answer says nothing:
 * what is open stays so.
 */
import type { MeshMatter, MeshMatterRecord } from "@baton/contracts";
import { askHealth, type Mesh } from "@baton/mesh";

import { inTurns } from "../in-turns.ts";
import type { Switchboard } from "../notices/switchboard.ts";
import { isDue } from "../notices/told-rules.ts";
import type { RecordCopy } from "../record-copy.ts";
import { type RecordDeskParts, settleRecord } from "../record-desk.ts";
import { engineMatters, isEngineMatter } from "./engine-matters.ts";
import { hasChanged, nextMatterStep } from "./matter-rules.ts";

/** The engine answers within so long, in milliseconds. */
const ANSWER_MS = 2000;
/** Such matters have no controls behind them. */
const LATEST = 1;

/** What a watch works with. */
export interface EngineWatchParts extends RecordDeskParts<MeshMatterRecord> {
  readonly mesh: Pick<Mesh, "nc">;
  readonly copy: Pick<RecordCopy, "matters" | "whole">;
  readonly switchboard: Pick<Switchboard, "deliver" | "isReachable">;
}

/** Makes a look, one at a time. It never rejects. */
export function createEngineWatch(parts: EngineWatchParts): () => Promise<void> {
  const { mesh, copy, log } = parts;
  return async () => {
    try {
      if (!copy.whole) return;
      const answers = await askHealth(mesh.nc, ["paper-engine"], ANSWER_MS);
      const records = [...copy.matters()].filter(isEngineMatter);
      const found = engineMatters(answers.get("paper-engine") ?? [], records);
      if (!found) return;
      const matters = new Map(found.map((matter) => [matter.matter, matter]));
      const known = new Map(records.map((record) => [record.matter, record]));
      const names = [...new Set([...matters.keys(), ...known.keys()])];
      await inTurns(
        names.filter((name) => isToSettle(parts, matters.get(name), known.get(name))),
        (name) => settle(parts, name, matters.get(name)),
      );
    } catch (error) {
      log.warn({ err: error }, "what the engine says isn't looked after; tried again");
    }
  };
}

async function settle(
  parts: EngineWatchParts,
  name: string,
  matter: MeshMatter | undefined,
): Promise<void> {
  const sighting = matter && { matter, sequence: LATEST, end: undefined };
  await settleRecord(parts, name, async (record, at) =>
    nextMatterStep({ sighting, latest: LATEST, record }, at),
  );
}

/** `matter`: as it stands; undefined if it is over. */
function isToSettle(
  { switchboard, policy, now }: EngineWatchParts,
  matter: MeshMatter | undefined,
  record: MeshMatterRecord | undefined,
): boolean {
  if (!record) return true;
  if (record.state === "open" && (!matter || hasChanged(record, matter))) return true;
  const isReachable = (name: string): boolean => switchboard.isReachable(name);
  return isDue(record, { policy, isReachable, nowMs: now() });
}
