import { describe, expect, test } from "vitest";

import { pictureOf, renderServices } from "../get/get-services.ts";
import type { ServiceView } from "../services/read-services.ts";
import { serviceFindings } from "./examine-services.ts";

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
    const up = { pid: 8, restarts: 0, lastEnd: undefined };
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

  test("that dies again and again is a fault even while it's ready", () => {
    const up = { pid: 8, restarts: 9, lastEnd: { time: at(5000), how: "code 70" } };
    expect(look(view("paper-broker", { up }))).toMatchObject([
      {
        level: "fault",
        found: "was started again 9 times, last 5s ago after it ended with code 70",
        repair: expect.stringContaining("/data/logs/paper-broker.log"),
      },
      { level: "ok" },
    ]);
    const long = { ...up, lastEnd: { time: at(500_000), how: "code 70" } };
    expect(look(view("paper-broker", { up: long }))).toMatchObject([{ level: "ok" }]);
  });
});

test("the picture shows each process, and what all need by those who know", () => {
  const text = renderServices(
    pictureOf([
      view("coordinator", checks({ name: "writes", ok: false, reason: "nothing is stored" })),
      view("lane-c", { processes: [], up: { pid: 8, restarts: 2, lastEnd: undefined } }),
      view(
        "paper-engine",
        checks(
          { name: "gitops", ok: true, reason: null },
          { name: "broker", ok: true, reason: null },
        ),
      ),
    ]),
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
