import { diskFinding, serviceFindings, type ServiceView, storedFindings } from "@baton/client";
import { describe, expect, test } from "vitest";

import { pictureOf, renderServices } from "../get/get-services.ts";

const NOW = Date.parse("2026-01-02T03:04:05.000Z");
const at = (ms: number): string => new Date(NOW - ms).toISOString();

const view = (name: string, more: Partial<ServiceView> = {}): ServiceView => ({
  name,
  processes: [
    {
      host: "here",
      pid: 7,
      startedAt: at(90_000),
      ready: true,
      checks: [{ name: "server", ok: true, reason: null }],
    },
  ],
  up: undefined,
  ...more,
});
const checks = (...given: ServiceView["processes"][number]["checks"]): Partial<ServiceView> => ({
  processes: [
    {
      host: "here",
      pid: 7,
      startedAt: at(90_000),
      ready: given.every(({ ok }) => ok),
      checks: given,
    },
  ],
});
const UP = { pid: 8, restarts: 0, startedAt: at(90_000), isStarting: false, faults: [] };

const look = (one: ServiceView) => serviceFindings(one, { now: NOW, dataDir: "/data" });

describe("a service", () => {
  test("that answers and is ready is well", () => {
    expect(look(view("lane-c"))).toEqual([
      { level: "ok", about: "lane-c", found: "ready, runs for 1m30s" },
    ]);
  });

  test("that isn't ready is a fault for each reason; what it only mentions is a note", () => {
    const found = look(
      view(
        "paper-engine",
        checks(
          { name: "gitops", ok: false, reason: "the repository can't be read" },
          { name: "strategies", ok: true, reason: "1 file can't be applied" },
        ),
      ),
    );
    expect(found).toMatchObject([
      {
        level: "fault",
        found: "isn't ready: gitops: the repository can't be read",
        repair: expect.stringContaining("/data/logs/paper-engine.log"),
      },
      { level: "note", found: "strategies: 1 file can't be applied" },
    ]);
  });

  test("that hangs, is missing or only watches is told apart", () => {
    const up = UP;
    expect(look(view("lane-c", { processes: [], up }))).toMatchObject([
      { level: "fault", found: expect.stringContaining("process 8 runs and doesn't answer") },
    ]);
    expect(look(view("lane-c", { processes: [], up }))[0]?.repair).toContain(
      "baton restart lane-c",
    );
    for (const name of ["coordinator", "lane-a", "escalation", "paper-engine"])
      expect(look(view(name, { processes: [] }))).toMatchObject([
        { level: "fault", found: "no process of it answers" },
      ]);
    expect(look(view("metrics", { processes: [] }))).toMatchObject([{ level: "note" }]);
  });
});

describe("a service over time", () => {
  test("that dies again and again is a fault even while it's ready", () => {
    const fault = (ms: number) => ({ time: at(ms), how: "code 70" });
    const up = { ...UP, restarts: 9, faults: [65_000, 35_000, 5000].map(fault) };
    expect(look(view("paper-broker", { up }))).toMatchObject([
      {
        level: "fault",
        found:
          "ended 3 times by itself and was started again, last 5s ago after it ended with code 70",
        repair: expect.stringContaining("/data/logs/paper-broker.log"),
      },
      { level: "ok" },
    ]);
    for (const ago of [
      [560_000, 530_000, 500_000],
      [7_200_000, 3_600_000, 5000],
      [35_000, 5000],
    ]) {
      const rare = { ...up, faults: ago.map(fault) };
      expect(look(view("paper-broker", { up: rare }))).toMatchObject([{ level: "ok" }]);
    }
    // Whatever people asked for was counted as a restart, and is no fault.
    expect(look(view("lane-c", { up: { ...UP, restarts: 9 } }))).toMatchObject([{ level: "ok" }]);
  });

  test("that just starts is worth knowing, silent or not ready yet; after a while it is a fault", () => {
    const starting = (ms: number) => ({ ...UP, isStarting: true, startedAt: at(ms) });
    const silent = (ms: number) => look(view("lane-c", { processes: [], up: starting(ms) }));
    expect(silent(3000)).toEqual([
      { level: "note", about: "lane-c", found: "its process 8 is starting for 3s" },
    ]);
    expect(silent(61_000)).toMatchObject([{ level: "fault" }]);
    // Once it was ready it isn't starting any more, however young it is.
    const young = { ...starting(3000), isStarting: false };
    expect(look(view("lane-c", { processes: [], up: young }))).toMatchObject([{ level: "fault" }]);
    const unready = (ms: number) => {
      const of = checks(
        { name: "service", ok: false, reason: "starting" },
        { name: "server", ok: false, reason: "no connection" },
      );
      const processes = of.processes?.map((one) => ({ ...one, startedAt: at(ms) })) ?? [];
      return look(view("lane-c", { processes }));
    };
    expect(unready(3000)).toEqual([
      { level: "note", about: "lane-c", found: "is starting for 3s" },
    ]);
    expect(unready(16_000)).toMatchObject([{ level: "fault" }, { level: "fault" }]);
  });
});

test("what the readers of all that is stored found is a fault of its own, while they are ready", () => {
  const damaged = (reason: string | null) =>
    view("metrics", checks({ name: "stored", ok: true, reason }));
  const reason = "of the messages and artifacts that are stored 2 missing";
  expect(look(damaged(reason))).toMatchObject([{ level: "ok", about: "metrics" }]);
  expect(storedFindings([view("lane-c"), damaged(reason)])).toMatchObject([
    { level: "fault", found: reason, repair: expect.stringContaining("`baton doctor --deep`") },
  ]);
  expect(storedFindings([damaged(null)])).toEqual([]);
});

test("the picture shows each process, and what all need by those who know", () => {
  const text = renderServices(
    pictureOf(
      [
        view("coordinator", checks({ name: "writes", ok: false, reason: "nothing is stored" })),
        view("lane-c", { processes: [], up: { ...UP, restarts: 2 } }),
        view(
          "paper-engine",
          checks(
            { name: "gitops", ok: true, reason: null },
            { name: "broker", ok: true, reason: null },
          ),
        ),
      ],
      { disk: [], main: undefined },
    ),
    NOW,
    120,
  );
  expect(text).toBe(`SERVICE       READY  FOR    RESTARTS  WHY
coordinator   no     1m30s  -         writes: nothing is stored
lane-c        no     -      2         process 8 doesn't answer
paper-engine  yes    1m30s  -

NEEDS     OK       WHY
git       ok
broker    ok
disk      no       nothing is stored
channels  unknown  nobody who knows answers
`);
});

test("the disk that the picture shows is the one that doctor finds, also while writes are still stored", () => {
  const coordinator = view("coordinator", checks({ name: "writes", ok: true, reason: null }));
  const shown = (free: number) => {
    const found = diskFinding("/data/nats", free);
    const { needs } = pictureOf([coordinator], { disk: [found], main: undefined });
    return { found, disk: needs.find(({ name }) => name === "disk") };
  };
  const full = shown(0);
  expect(full.found.level).toBe("fault");
  expect(full.disk).toEqual({ name: "disk", ok: false, reason: full.found.found });
  const low = shown(100 * 1024 * 1024);
  expect(low.disk).toEqual({ name: "disk", ok: true, reason: low.found.found });
  expect(shown(1e12).disk).toEqual({ name: "disk", ok: true, reason: null });
});
