/** What is made of what lanes say is away; that real ones say so is shown end to end. */
import { type Entry, type Lane, LANES } from "@baton/contracts";
import { startTelemetry } from "@baton/telemetry";
import { sampleEntry } from "@baton/testkit";
import { afterAll, expect, test } from "vitest";

import { openOutageWatch } from "./outage-watch.ts";
import { openSweepList } from "./sweep-list.ts";
import { openKnown } from "./testing/known.ts";

const telemetry = await startTelemetry({ service: "test", env: { BATON_LOG_LEVEL: "silent" } });
afterAll(() => telemetry[Symbol.asyncDispose]());

const NOON = Date.parse("2026-03-01T12:00:00.000Z");
const at = (seconds: number): string => new Date(NOON + seconds * 1000).toISOString();
const failure = {
  class: "transient",
  code: "E_GIT_UNAVAILABLE",
  message: "away",
  action: "",
} as const;

/** Candidates 1 to 3 wait at lane E, the first since noon, the second for ten seconds longer than it. */
function watched() {
  const known = openKnown();
  let n = 1;
  const note = (candidateId: string, changes: Partial<Entry>): void => {
    n += 1;
    const about = { candidateId, n, awaits: 5, holder: "lane-e", deadline: at(86_400) } as const;
    known.note({ sequence: n + 10, entry: { ...sampleEntry(), ...about, failure, ...changes } });
  };
  const waits = { reason: "RETRY_BACKOFF" } as const;
  note("cand-1", { ...waits, time: at(0) });
  note("cand-2", { ...waits, time: at(-10) });
  note("cand-3", { ...waits, time: at(5) });
  note("cand-4", { reason: "STAGE_PASSED", failure: null, time: at(-99) });
  const told: string[] = [];
  const said = new Map<Lane, boolean | undefined>([["lane-e", true]]);
  const watch = openOutageWatch({
    ask: async () => said,
    standing: openSweepList(known),
    settle: async (candidateId, happening) => void told.push(`${candidateId} ${happening.kind}`),
    log: telemetry.log,
    awayMs: 60_000,
    calmMs: 30_000,
  });
  const look = async (seconds: number): Promise<string[]> => {
    told.length = 0;
    await watch.look(NOON + seconds * 1000);
    return told.toSorted();
  };
  return { note, said, look };
}

test("one is asked about, the one that has waited longest, and while it is nobody else", async () => {
  const { look, note } = watched();
  expect(await look(49)).toEqual([]);
  expect(await look(50)).toEqual(["cand-2 service-away"]);
  const cause = { kind: "service-away", lane: "lane-e", waiting: 3 } as const;
  note("cand-2", { holder: "review", reason: "SERVICE_AWAY", cause, time: at(50) });
  expect(await look(1000)).toEqual([]);
  // It went on, which shows that something is back: the others have time to do the same. If they don't, the outage isn't over.
  note("cand-2", { holder: "closed", awaits: null, deadline: null });
  expect(await look(1059)).toEqual([]);
  expect(await look(1060)).toEqual(["cand-1 service-away"]);
});

test("a lane that doesn't answer hasn't said that it's back: everything that waits has a bound", async () => {
  const { look, said } = watched();
  said.clear();
  expect(await look(50)).toEqual(["cand-2 service-away"]);
});

test("all go on when the lane was at peace for long enough, also who is asked about", async () => {
  const { look, said, note } = watched();
  const cause = { kind: "service-away", lane: "lane-e", waiting: 3 } as const;
  note("cand-2", { holder: "review", reason: "SERVICE_AWAY", cause, time: at(50) });
  said.set("lane-e", false);
  expect(await look(60)).toEqual([]);
  said.set("lane-e", true);
  expect(await look(80)).toEqual([]);
  said.set("lane-e", false);
  expect(await look(91)).toEqual([]);
  expect(await look(120)).toEqual([]);
  expect(await look(121)).toEqual([1, 2, 3].map((id) => `cand-${id} workers-back`));
});

test("lanes that nobody waits at aren't asked", async () => {
  const asked: Lane[] = [];
  const watch = openOutageWatch({
    ask: async (lanes) => (asked.push(...lanes), new Map(LANES.map((lane) => [lane, true]))),
    standing: openSweepList(openKnown()),
    settle: async () => undefined,
    log: telemetry.log,
    awayMs: 0,
    calmMs: 0,
  });
  await watch.look(NOON);
  expect(asked).toEqual([]);
});
