/** Who may push to main, against a real engine, a real nats-server, a real broker and a real repository. */
import { execFileSync } from "node:child_process";

import type { RunningStrategies } from "@baton/artifacts";
import { AS_READER, eventually } from "@baton/testkit";
import { expect, test, vi } from "vitest";

import { rampEntry, reportedDigest, toJournal, writeDown } from "./testing/accounting.ts";
import { controlledPlace, type ControlledPlace } from "./testing/controlled-place.ts";
import { newCandidate, reportedOf, settingsOf, strategyFile } from "./testing/place.ts";

// Real processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 60_000 });

type Engine = ReturnType<ControlledPlace["engine"]>;

/** Waits until the engine has seen main as it is and says `holds` of it. */
async function untilSays(
  place: ControlledPlace,
  engine: Engine,
  what: string,
  holds: (of: RunningStrategies) => boolean,
) {
  const head = git(place, "rev-parse", "main");
  return eventually(
    async () => {
      const status = await engine.status().catch(() => undefined);
      return status?.head === head && holds(status) && status;
    },
    { what, withinMs: 30_000 },
  );
}

const git = (place: ControlledPlace, ...args: string[]) =>
  execFileSync("git", ["-C", place.repository, ...args])
    .toString()
    .trim();
const refusedAs = (why: RegExp) => (of: RunningStrategies) =>
  of.refused.some(({ code, problem }) => code === "E_UNACCOUNTED" && why.test(problem));
const settled = ({ strategies, refused }: RunningStrategies) =>
  refused.length === 0 && strategies.length > 0 && strategies.every((of) => of.settled);
const bought = (place: ControlledPlace) =>
  place.ledger().filter(({ order }) => order?.side === "buy").length;

test("a file that somebody pushed for a candidate nobody knows isn't applied, and the journal's word later lets it run", async () => {
  const place = await controlledPlace();
  const stranger = newCandidate();
  place.write({ [`${stranger}.yaml`]: strategyFile(stranger, "L0") });
  const engine = place.engine();
  const told = refusedAs(/no journal entry is of its candidate.*revert that commit/);
  const { strategies } = await untilSays(place, engine, "it is told", told);
  expect(strategies).toEqual([]);
  const url = await engine.listening();
  const ready = await (await fetch(`${url}/readyz`, AS_READER)).text();
  expect(ready).toContain(`"code":"E_UNACCOUNTED","subject":"${stranger}"`);
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
    /baton_engine_files_unaccounted\S* 1/,
  );
  expect(bought(place)).toBe(0);
  await toJournal(place.mesh, rampEntry(stranger, reportedOf(stranger)));
  await untilSays(place, engine, "it runs", settled);
  expect(bought(place)).toBe(1);
});

test("a dispatch to shadow-paper accounts for what lane E wrote down for L0 of its run, and for no other level", async () => {
  const place = await controlledPlace();
  const candidate = newCandidate();
  const dispatch = { stage: "shadow-paper", artifacts: [], visited: [] };
  await toJournal(place.mesh, rampEntry(candidate, "", { ...dispatch, artifacts: [] }));
  const engine = place.engine();
  place.write({ [`${candidate}.yaml`]: strategyFile(candidate, "L0") });
  await untilSays(place, engine, "it is told", refusedAs(/lane E never wrote down/));
  expect(bought(place)).toBe(0);
  await writeDown(place.nats.url, settingsOf(candidate), ["L0"]);
  await untilSays(place, engine, "L0 runs", settled);
  place.write({ [`${candidate}.yaml`]: strategyFile(candidate, "L1") });
  await untilSays(place, engine, "L1 is told", refusedAs(/at L1, .* accounts for L0 at most/));
  expect(bought(place)).toBe(1);
});

test("a level that lane E hasn't come to isn't bought, however far the ramp may go", async () => {
  const place = await controlledPlace();
  const engine = place.engine();
  const candidate = newCandidate();
  const write = (level: "L1" | "L2") =>
    place.write({ [`${candidate}.yaml`]: strategyFile(candidate, level) });
  write("L1");
  await writeDown(place.nats.url, settingsOf(candidate), ["L0", "L1"]);
  await toJournal(place.mesh, rampEntry(candidate, reportedOf(candidate)));
  await untilSays(place, engine, "L1 runs", settled);
  write("L2");
  await untilSays(place, engine, "L2 is told", refusedAs(/lane E never wrote down/));
  expect(bought(place)).toBe(1);
  await writeDown(place.nats.url, settingsOf(candidate), ["L2"]);
  await untilSays(place, engine, "L2 runs", settled);
  expect(bought(place)).toBe(2);
});

test.each(["live-ramp", "continuous-monitoring"])(
  "a ramp that ended at L0 accounts for L0, also while %s is the last that is known",
  async (stage) => {
    const place = await controlledPlace();
    const { candidate, mesh } = place;
    const ended = { stage, holder: "review", awaits: null, evidence: null } as const;
    const last = rampEntry(candidate, reportedOf(candidate), ended);
    const sha256 = reportedDigest(settingsOf(candidate));
    const ramped = { name: "paper-candidate/strategy-ramped.yaml", sha256, bytes: 1 };
    const artifacts = [...last.artifacts, { ...ramped, stage: "live-ramp", runId: last.runId }];
    await toJournal(mesh, { ...last, artifacts });
    place.want(9);
    const engine = place.engine();
    await untilSays(place, engine, "L1 is told", refusedAs(/at L1, .* accounts for L0 at most/));
    expect(bought(place)).toBe(0);
    place.want(4, { level: "L0" });
    await untilSays(place, engine, "L0 runs", settled);
  },
);

test.each([
  ["notional", { limits: { notional: 300_000 } }, /notional of 300000.*at most/],
  ["strategy", { settings: { costBps: 6 }, limits: { notional: 2000 } }, /shadow-paper reported/],
] as const)(
  "a known candidate's file with another %s isn't increased, also after a restart; what it holds stays",
  async (_, over, why) => {
    const place = await controlledPlace();
    const engine = place.engine();
    place.want(5);
    await engine.until("it holds 5", (of) => of.settled);
    const { candidate } = place;
    const good = git(place, "rev-parse", "main");
    place.write({ [`${candidate}.yaml`]: strategyFile(candidate, "L1", over) });
    await untilSays(place, engine, "it is told", refusedAs(why));
    await engine.sigkill();
    const next = place.engine();
    await untilSays(place, next, "the next one tells it too", refusedAs(why));
    await next.until("the order is blocked", ({ orders }) =>
      orders.some(
        ({ state, message }) => state === "blocked" && /E_UNACCOUNTED/.test(message ?? ""),
      ),
    );
    expect([await place.held(), bought(place)]).toEqual(["5", 1]);
    // Lowering and taking out are everybody's.
    const text = git(place, "show", `${good}:strategies/${candidate}.yaml`);
    place.write({ [`${candidate}.yaml`]: `${text.replace('"notional":500', '"notional":200')}\n` });
    await untilSays(place, next, "it is lowered", settled);
    expect(await place.held()).toBe("2");
    place.write({ [`${candidate}.yaml`]: null });
    await eventually(async () => (await place.held()) === "0", {
      what: "it is taken out",
      withinMs: 30_000,
    });
  },
);

test.each([
  ["recovery took it out", { promoted: false, stage: "incident-recovery" }, /nothing of it runs/],
  ["people rejected it", { holder: "closed", reason: "REJECTED", awaits: null }, /was ended/],
] as const)(
  "%s: its file comes back by a revert on main, and nothing is bought",
  async (_, end, why) => {
    const place = await controlledPlace();
    const { candidate, mesh } = place;
    const engine = place.engine();
    place.want(5);
    await engine.until("it holds 5", (of) => of.settled);
    const text = git(place, "show", `main:strategies/${candidate}.yaml`);
    place.write({ [`${candidate}.yaml`]: null });
    await eventually(async () => (await place.held()) === "0", {
      what: "it is run down",
      withinMs: 30_000,
    });
    const last = await mesh.journal.last(candidate);
    if (!last) throw new Error("no entry");
    await toJournal(mesh, { ...(await mesh.journal.whole(last.entry)), ...end });
    place.write({ [`${candidate}.yaml`]: `${text}\n` });
    await untilSays(place, engine, "it is told", refusedAs(why));
    // Others run as before: rounds go on.
    const other = newCandidate();
    const file = strategyFile(other, "L0");
    await toJournal(mesh, rampEntry(other, reportedOf(other)));
    place.write({ [`${other}.yaml`]: file });
    await untilSays(place, engine, "another one runs", ({ strategies }) =>
      strategies.some((of) => of.candidateId === other && of.settled),
    );
    expect([await place.held(), bought(place)]).toEqual(["0", 2]);
  },
);

test("a revert of main that raises is no more than a push", async () => {
  const place = await controlledPlace();
  const { candidate, mesh } = place;
  const engine = place.engine();
  place.want(9);
  await engine.until("it holds 9", (of) => of.settled);
  const raised = git(place, "show", `main:strategies/${candidate}.yaml`);
  const last = await mesh.journal.last(candidate);
  if (!last) throw new Error("no entry");
  const whole = await mesh.journal.whole(last.entry);
  await toJournal(mesh, { ...whole, stage: "incident-recovery", holder: "lane-f" });
  place.want(4, { level: "L0" });
  await engine.until("recovery took it down", (of) => of.settled && of.level === "L0");
  place.write({ [`${candidate}.yaml`]: `${raised}\n` });
  await untilSays(
    place,
    engine,
    "it is told",
    refusedAs(/at L1, .* (accounts for L0 at most|waits for lane-f)/),
  );
  await engine.until("the order is blocked", ({ orders }) =>
    orders.some(({ state }) => state === "blocked"),
  );
  expect([await place.held(), bought(place)]).toEqual(["4", 1]);
});

test("a journal that is away accounts for nothing new, and what is held stays", async () => {
  const place = await controlledPlace();
  const engine = place.engine();
  place.want(5);
  await engine.until("it holds 5", (of) => of.settled);
  await place.mesh.jsm.streams.delete("JOURNAL");
  place.want(7);
  await engine.until("it is blocked", ({ orders }) =>
    orders.some(({ message }) => /nobody knows whether the journal/.test(message ?? "")),
  );
  const ready = await fetch(`${await engine.listening()}/readyz`, AS_READER);
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining(`"journal"`)]);
  expect([await place.held(), bought(place)]).toEqual(["5", 1]);
  place.want(3);
  await engine.until("less is held", (of) => of.notional === 300);
  await eventually(async () => (await place.held()) === "3", { what: "3", withinMs: 30_000 });
});
