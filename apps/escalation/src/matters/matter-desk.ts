/** Brings a matter's record in line with the mesh's controls, and tells people what is due; any replica may at any moment. */
import type { MeshMatterRecord, StoredControls } from "@baton/contracts";
import { controlHistory, type Mesh } from "@baton/mesh";

import { finish } from "../notices/told-rules.ts";
import { type RecordDeskParts, type Settled, settleRecord } from "../record-desk.ts";
import { nextMatterStep, sightingsIn } from "./matter-rules.ts";
import { mattersIn } from "./matters-in.ts";

/** What a desk works with. */
export interface MatterDeskParts extends RecordDeskParts<MeshMatterRecord> {
  readonly mesh: Pick<Mesh, "controls">;
}

/** Settles matters; any number at once, also the same one. */
export interface MatterDesk {
  /** `latest`: sequence of controls that have it. Throws what controls and bucket throw. */
  settle(of: { readonly matter: string; readonly latest: number }): Promise<Settled>;
}

/** Opens a desk. */
export function openMatterDesk(parts: MatterDeskParts): MatterDesk {
  const { controls } = parts.mesh;
  return {
    settle: ({ matter, latest }) => {
      const isFurtherBack = (state: StoredControls): boolean =>
        state.sequence > latest && !mattersIn(state.controls).some((one) => one.matter === matter);
      return settleRecord(parts, matter, async (record, at) => {
        // It stays over: nobody has to be asked.
        if (record?.state === "answered") return finish(record, at);
        const last = await controls.last();
        if (!last) return { kind: "rest" };
        const states = await controlHistory(controls, last, isFurtherBack);
        const sighting = sightingsIn(states).get(matter);
        return nextMatterStep({ sighting, latest: last.sequence, record }, at);
      });
    },
  };
}
