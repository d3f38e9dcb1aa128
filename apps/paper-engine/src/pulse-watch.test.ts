import { originControls } from "@baton/contracts";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { watchMeshStop } from "./mesh-stop.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("who can't engage the kill switch counts as stopped: no pulse, one that stands still, one that can't be read", async () => {
  let sequence: number | undefined;
  let fails = false;
  const changes: number[] = [];
  const released = { sequence: 1, controls: originControls("2026-01-02T03:04:05.678Z") };
  await using mesh = watchMeshStop({
    reader: Promise.resolve({
      controls: { last: () => Promise.resolve(released) },
      pulse: () => (fails ? Promise.reject(new Error("no answer")) : Promise.resolve(sequence)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
    log: pino({ level: "silent" }),
    onChange: () => void changes.push(1),
  });
  const after = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    return mesh.stop();
  };
  const cannot = "nobody could engage the mesh's kill switch";
  expect(await after(3000)).toBe(`${cannot}: no coordinator's write was seen yet`);
  // One that is there says nothing about now: it may be of yesterday.
  sequence = 7;
  expect(await after(30_000)).toContain(cannot);
  sequence = 8;
  expect(await after(1000)).toBeNull();
  expect(await after(9000)).toBeNull();
  expect(await after(3000)).toMatch(/nothing that a coordinator wrote was stored for \d+ s$/);
  // Made anew with a lower sequence, it moves as well.
  sequence = 1;
  expect(await after(1000)).toBeNull();
  fails = true;
  expect(await after(12_000)).toContain(cannot);
  expect(mesh.killSwitch()).toBeNull();
});
