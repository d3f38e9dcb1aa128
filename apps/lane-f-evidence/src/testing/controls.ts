import { Controls, type StoredControls } from "@baton/contracts";

/** The `n`th state of the mesh's controls, stored under that sequence. */
export function controlState(n: number, over: Partial<Controls> = {}): StoredControls {
  const controls = Controls.parse({
    v: 1,
    type: "controls",
    n,
    prev: n - 1,
    time: "2026-01-05T11:00:00.000Z",
    about: { kind: "made" },
    cause: { kind: "expired" },
    killSwitch: null,
    incidents: [],
    tasks: [],
    commands: [],
    ...over,
  });
  return { sequence: n, controls };
}
