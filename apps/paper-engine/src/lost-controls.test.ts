/** CONTROLS lost or gone back under a running engine, and under one that starts again. */
import type { RunningStrategy } from "@baton/artifacts";
import { type HistoryMarks, originControls } from "@baton/contracts";
import { fenceOnce } from "@baton/gitops";
import { readMarks } from "@baton/mesh";
import { eventually } from "@baton/testkit";
import { expect, test, vi } from "vitest";

import { blocked, controlledPlace, type ControlledPlace } from "./testing/controlled-place.ts";
import { testFolder } from "./testing/place.ts";

// Several generations of real processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 120_000 });

const engage = { type: "kill-switch", by: "ann", why: "orders look odd" } as const;
const LOST = /nobody knows whether the mesh's kill switch is engaged: E_LOG_RESET .*CONTROLS/;
const origin = () => originControls(new Date().toISOString());

type Engine = ReturnType<ControlledPlace["engine"]>;

async function untilReady(engine: Engine, ready: boolean): Promise<string> {
  return eventually(
    async () => {
      const answer = await fetch(`${await engine.listening()}/readyz`);
      const text = await answer.text();
      return answer.ok === ready && text;
    },
    { what: ready ? "it is ready" : "it isn't ready", withinMs: 15_000 },
  );
}

const settledAt = (wanted: number) => (running: RunningStrategy) =>
  running.settled && running.notional === wanted;

async function untilLost(engine: Engine): Promise<void> {
  await eventually(async () => LOST.test((await engine.status()).controls?.stop ?? ""), {
    what: "it knows that something is lost",
    withinMs: 15_000,
  });
  expect(await untilReady(engine, false)).toMatch(/E_LOG_RESET/);
}

test("released, then CONTROLS is gone, made anew, or older: nothing is increased, closes pass, and it says so", async () => {
  const place = await controlledPlace();
  const engine = place.engine();
  const first = await place.mesh.controls.last();
  await place.control(engage);
  await place.control({ type: "release-kill-switch", by: "ann" });
  const released = await place.control({ type: "release-kill-switch", by: "ben" });
  place.want(5);
  await engine.until("it holds 5", ({ settled }) => settled);
  const cases: [string, () => Promise<unknown>][] = [
    ["gone", () => place.mesh.jsm.streams.delete("CONTROLS")],
    ["made anew", () => place.controlsGoBack([])],
    ["older", () => place.controlsGoBack([first.controls])],
    ["as long, but another", () => place.controlsGoBack(Array.from({ length: 6 }, origin))],
  ];
  let wanted = 5;
  for (const [name, lose] of cases) {
    await lose().catch(() => undefined);
    await untilLost(engine);
    place.want((wanted += 1));
    await engine.until(`it is blocked: ${name}`, blocked(LOST));
  }
  place.want(2);
  await engine.until("it is closed down to 2", settledAt(200));
  expect(await place.held()).toBe("2");

  // People accept it: a later epoch counts, whatever was seen before.
  const epoch = { n: 2, heads: {} };
  await place.controlsGoBack([{ ...released.controls, n: 1, prev: 0, epoch }]);
  place.want(7);
  await engine.until("it goes on", settledAt(700));
  expect(await place.held()).toBe("7");
});

test("engaged, then lost: the broker's switch isn't released by a state that nobody released it in, also after a restart", async () => {
  const place = await controlledPlace();
  const work = { BATON_WORK_DIR: testFolder() };
  const engine = place.engine(work);
  place.want(1);
  await engine.until("it holds 1", ({ settled }) => settled);
  const { sequence } = await place.control(engage);
  await eventually(async () => (await place.hold()).engaged, {
    what: "the broker's switch is engaged",
    withinMs: 15_000,
  });
  await place.controlsGoBack([origin()]);
  place.want(2);
  await engine.until("it is blocked", blocked(/kill switch is engaged/));
  await engine.sigkill();
  const second = place.engine(work);
  await second.until("it is blocked after a restart", blocked(LOST));
  expect((await second.status()).controls).toMatchObject({ sequence: null });
  expect(sequence).toBe(2);
  expect(await place.hold()).toMatchObject({ engaged: true });
  expect(await place.held()).toBe("1");
});

test("an engine that starts with nothing of its own learns from main that CONTROLS went back", async () => {
  const place = await controlledPlace();
  await place.control(engage);
  const marks = await readMarks(place.mesh, ["CONTROLS"]);
  await fenceOnce({
    repository: place.repository,
    cacheDir: testFolder(),
    stageRun: "cand-000001.incident-recovery.run-000001.fence",
    dispatch: 1,
    history: {
      marks: () => Promise.resolve<HistoryMarks | undefined>(marks),
      require: () => Promise.resolve(),
    },
  });
  await place.controlsGoBack([origin()]);
  place.want(1);
  const engine = place.engine();
  await engine.until("it is blocked", blocked(LOST));
  expect(await place.held()).toBe("0");
});
