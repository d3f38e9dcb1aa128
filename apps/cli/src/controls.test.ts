/** Kill switch, incidents, emergencies and tasks at the command line, against a mesh of real processes. */
import { Receipt } from "@baton/contracts";
import { openMesh } from "@baton/mesh";
import { eventually, withNats } from "@baton/testkit";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { type CliMesh, startCliMesh } from "./testing/cli-mesh.ts";
import { baton as run, type Ended, startBaton } from "./testing/run-baton.ts";

/** Several processes per test, on a machine that others use too. */
vi.setConfig({ testTimeout: 60_000 });

const COMMIT = "0123456789".repeat(4);

let on: CliMesh;
/** Runs a command line, split at its blanks; `more` goes as it is. */
const baton = (line: string, ...more: string[]): Promise<Ended> =>
  run([...line.split(" "), ...more], { server: on.url, cwd: on.folder.path });
const as = (name: string): string[] => ["--why", "bad fills", "--as", name];

beforeAll(async () => {
  on = await startCliMesh();
}, 60_000);
afterAll(() => on.stop(), 30_000);

/** How many commands were ever sent. */
async function sent(): Promise<number> {
  return (await on.mesh.jsm.streams.info("COMMANDS")).state.messages;
}

test("a new mesh has a state in which nothing is stopped", async () => {
  const [state, history, json] = await Promise.all([
    baton("get controls"),
    baton("get controls --history"),
    baton("get controls --json"),
  ]);
  expect(state.stdout).toMatch(/^Kill switch: released\n/);
  expect(history.stdout).toMatch(/^SEQ .*\n1 .* The mesh was made\n$/);
  expect(JSON.parse(json.stdout)).toMatchObject({ sequence: 1, killSwitch: null, incidents: [] });
});

test("on a server that has no controls, or none any more, nobody knows: it isn't said to be released", async () => {
  await withNats(async (nats) => {
    const elsewhere = (line: string) =>
      run(line.split(" "), { server: nats.url, cwd: on.folder.path });
    const expectUnknown = async (line: string): Promise<void> => {
      const { code, stdout, stderr } = await elsewhere(line);
      expect([line, code, stdout]).toEqual([line, 8, ""]);
      expect(stderr).toMatch(/E_LOG_RESET.*nobody knows whether the kill switch is engaged/s);
    };
    for (const line of ["get controls", "get controls --history", "get controls --json"])
      await expectUnknown(line);
    // Where no mesh ever was nothing is lost.
    expect((await elsewhere("get candidates")).stderr).not.toContain("E_LOG_RESET");
    const mesh = await openMesh({ url: nats.url, name: "test", provision: true });
    await mesh.nc.request("baton.command.cand-000001.command-1", "{}");
    await mesh.jsm.streams.delete("CONTROLS");
    await expectUnknown("get controls");
    const candidates = await elsewhere("get candidates");
    expect(candidates.stderr).toMatch(/E_LOG_RESET CONTROLS is gone\s.*`baton doctor`/);
    await mesh.jsm.streams.add({ name: "CONTROLS", subjects: ["baton.control.>"] });
    await expectUnknown("get controls");
    const doctor = await elsewhere("doctor");
    expect(doctor.code).toBe(8);
    expect(doctor.stdout).toMatch(/^fault {2}history +E_LOG_RESET CONTROLS ends at 0/m);
    expect(doctor.stdout).toMatch(/^fault {2}controls +E_LOG_RESET nobody knows/m);
    await mesh[Symbol.asyncDispose]();
  });
});

describe("the kill switch", () => {
  test("is engaged by one command without a question; again is a duplicate", async () => {
    const first = await baton("kill-switch engage", ...as("ada"));
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(/^to mesh-[0-9a-f]{32} on /);
    expect(first.stdout).toMatch(/^engaged {4}CONTROLS 2 /);
    const again = await baton("kill-switch engage", ...as("eve"), "--json");
    expect(again.code).toBe(0);
    expect(Receipt.parse(JSON.parse(again.stdout)).outcome).toMatchObject({ duplicate: true });
    expect(JSON.parse(again.stdout).controls.killSwitch).toMatchObject({ by: "ada" });
  });

  test("is told by doctor, without calling the mesh ill for it", async () => {
    const { stdout } = await baton("doctor");
    expect(stdout).toMatch(/^note {3}kill switch +engaged for \d+s by ada: bad fills\n +do: Two/m);
    expect(stdout).toMatch(/^ok {5}CONTROLS +2 messages/m);
  });

  test("is released by two people; the same one again is a conflict (6)", async () => {
    const one = await baton("kill-switch release", ...as("ben"));
    expect([one.code, one.stdout]).toEqual([0, expect.stringMatching(/^asked {6}CONTROLS 3 /)]);
    const again = await baton("kill-switch release", ...as("ben"));
    expect([again.code, again.stdout]).toEqual([6, ""]);
    expect(again.stderr).toContain("E_CONFLICT (6): ben has asked for the release already");
    const two = await baton("kill-switch release", ...as("eve"));
    expect([two.code, two.stdout]).toEqual([0, expect.stringMatching(/^released {3}CONTROLS 4 /)]);
    const none = await baton("kill-switch release", ...as("eve"));
    expect(none.code).toBe(6);
    expect(none.stderr).toContain("the kill switch isn't engaged");
  });
});

describe("an incident", () => {
  let incidentId: string;

  test("is opened with an id that programs find, and shown", async () => {
    const { code, stdout } = await baton(
      "incident open --class c --lane E",
      ...as("ada"),
      "--json",
    );
    expect(code).toBe(0);
    const [incident] = JSON.parse(stdout).controls.incidents;
    expect(incident).toMatchObject({ class: "C", scope: { kind: "lane", lane: "lane-e" } });
    incidentId = incident.id;
    const shown = await baton("get controls");
    expect(shown.stdout).toMatch(new RegExp(`^ {2}${incidentId} +C +lane-e `, "m"));
    const yaml = await baton("get controls -o yaml");
    expect(yaml.stdout).toContain(`id: ${incidentId}`);
  });

  test("what isn't there is told before anything is sent (4)", async () => {
    const before = await sent();
    const absent = "inc-000000000000";
    const emergency = ["--ticket", "OPS-1", "--for", "1m", "--why", "x"];
    const refused = await Promise.all([
      baton(`incident close ${absent} --why x`),
      baton(`emergency ${absent} --scope cand-000000000000`, ...emergency),
      baton(`emergency ${incidentId} --scope cand-000000000000`, ...emergency),
      baton(`close-task task-000000000000 --commit ${COMMIT} --why x`),
      baton("incident open --class A --candidate cand-000000000000 --why x"),
    ]);
    expect(refused.map(({ code, stdout }) => [code, stdout])).toEqual(refused.map(() => [4, ""]));
    expect(refused.map(({ stderr }) => /E_NOT_FOUND \(4\): ([^\n]*)/.exec(stderr)?.[1])).toEqual([
      `no open incident ${absent}; nothing was sent`,
      `no open incident ${absent}; nothing was sent`,
      "no candidate cand-000000000000 is known",
      "no open task task-000000000000; nothing was sent",
      "no candidate cand-000000000000 is known",
    ]);
    expect(await sent()).toBe(before);
  });

  test("with an emergency leaves a task; the task can't be closed while that lasts (6)", async () => {
    const submitted = await run(["submit", "--unchecked", "-", "--json"], {
      server: on.url,
      stdin: "name: x\n",
    });
    const { candidateId } = JSON.parse(submitted.stdout);
    const { code, stdout } = await baton(
      `emergency ${incidentId} --ticket OPS-812 --scope ${candidateId} --for 30m`,
      ...as("ada"),
    );
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^declared {3}CONTROLS 6 /)]);
    const [, taskId = ""] = /^task +(task-[0-9a-f]{12}):/m.exec(stdout) ?? [];
    const close = await baton(`close-task ${taskId} --commit ${COMMIT}`, ...as("ada"));
    expect(close.code).toBe(6);
    expect(close.stderr).toContain(`the emergency of ${taskId} lasts until `);
    expect((await baton(`incident close ${incidentId}`, ...as("ada"))).code).toBe(0);
    const closed = await baton(`close-task ${taskId} --commit ${COMMIT}`, ...as("ada"));
    expect([closed.code, closed.stdout]).toEqual([0, expect.stringMatching(/^closed {5}CONTROLS/)]);
  });
});

test("the history tells every change, and a watch tells them among the moves", async () => {
  const watching = startBaton(["watch", "--json"], { server: on.url });
  const before = (await on.mesh.controls.last())?.sequence ?? 0;
  // The watch says nothing when it's ready: something is changed until it tells.
  await eventually(
    async () => {
      await baton("incident open --class A --lane a", ...as("ada"));
      return watching.stdout().includes('"type":"controls"');
    },
    { what: "a change is watched", withinMs: 30_000 },
  );
  watching.kill("SIGINT");
  await watching.ended;
  const line = watching
    .stdout()
    .split("\n")
    .find((one) => one.includes('"type":"controls"'));
  expect(JSON.parse(line ?? "")).toMatchObject({ cause: { type: "incident", by: "ada" } });
  const { stdout } = await baton("get controls --history");
  expect(stdout).toMatch(/^2 +\S+ +kill-switch +ada +- +Kill switch engaged by ada: bad fills$/m);
  expect(stdout.trimEnd().split("\n").length).toBeGreaterThan(before + 1);
});

test("drift of CONTROLS is found", async () => {
  const { config } = await on.mesh.jsm.streams.info("CONTROLS");
  await on.mesh.jsm.streams.update("CONTROLS", { ...config, max_age: 3_600_000_000_000 });
  const { code, stdout } = await baton("doctor");
  await on.mesh.jsm.streams.update("CONTROLS", config);
  expect(code).toBe(8);
  expect(stdout).toMatch(/^fault {2}stream CONTROLS +max_age is/m);
});

test("what no coordinator wrote is a fault, and nothing is guessed from it", async () => {
  const last = (await on.mesh.controls.last())?.sequence ?? 0;
  const { sequence } = await on.mesh.publisher.publish({
    subject: "baton.control.mesh",
    payload: "{}",
    headers: {},
  });
  const [doctor, shown, history] = await Promise.all([
    baton("doctor"),
    baton("get controls"),
    baton("get controls --history --json"),
  ]);
  expect(doctor.stdout).toMatch(
    new RegExp(`^fault {2}controls +CONTROLS ${sequence} isn't a state`, "m"),
  );
  expect([shown.code, shown.stdout]).toEqual([6, ""]);
  expect(history.stderr).toContain(`CONTROLS ${sequence}: not entries`);
  expect(JSON.parse(history.stdout)).toHaveLength(last);
});

describe("without a coordinator", () => {
  beforeAll(() => on.coordinator.stop());

  test("engaging says that it's stored, that nothing stops yet, and what to do (8)", async () => {
    const { code, stderr } = await baton("kill-switch engage --timeout 1s", ...as("ada"));
    expect(code).toBe(8);
    expect(stderr).toContain("kill-switch engage is stored as command cmd-");
    expect(stderr).toContain("the engine increases no position 10 s after the last one wrote");
    expect(stderr).toContain("`baton get controls` shows the outcome");
    expect(stderr).not.toContain("mesh-controls");
  });

  test("Ctrl-C says what became of it, and where to look", { timeout: 60_000 }, async () => {
    const before = await sent();
    const running = startBaton(["kill-switch", "engage", ...as("ada"), "--timeout", "5m"], {
      server: on.url,
    });
    await eventually(async () => (await sent()) > before, {
      what: "the command is stored",
      withinMs: 50_000,
    });
    running.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /interrupted: (unknown whether )?kill-switch engage (is stored|was accepted)/,
    );
    expect(stderr).toContain("run `baton get controls`");
  });
});
