/** `baton up` as a process: the whole mesh, what happens when parts of it die, and how it ends. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

import { readState } from "@baton/client";
import { eventually } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { baton } from "../testing/run-baton.ts";
import { exists, folder, ready, untilGone, untilUp, up } from "./testing/up-process.ts";

test(
  "what is well is said to be, a frozen service is found and restarted, and a server that stores nothing comes back",
  { timeout: 200_000 },
  async () => {
    const state = await untilUp(up());
    const ask = (...args: string[]) => baton(args, { server: state.natsUrl, cwd: folder() });
    await eventually(async () => (await ask("doctor")).code === 0, {
      what: "doctor finds nothing",
      withinMs: 30_000,
    });
    const picture = JSON.parse((await ask("get", "services", "-o", "json")).stdout);
    expect(picture.services).toHaveLength(12);
    expect(picture.services[0]).toMatchObject({
      name: "nats-server",
      processes: [{ pid: state.pids["nats-server"], startedAt: expect.any(String) }],
    });
    for (const { name, processes } of picture.services)
      expect([name, processes.map(({ ready: isReady }: { ready: boolean }) => isReady)]).toEqual([
        name,
        [true],
      ]);
    expect(picture.needs.map(({ name, ok }: { name: string; ok: boolean }) => [name, ok])).toEqual([
      ["git", true],
      ["broker", true],
      ["disk", true],
      ["channels", true],
      ["main", true],
    ]);

    const frozen = state.pids["lane-c"] ?? 0;
    process.kill(frozen, "SIGSTOP");
    // Frozen, it would outlive a test that fails: it can't see that its parent is gone.
    onTestFinished(() => {
      if (exists(frozen)) process.kill(frozen, "SIGKILL");
    });
    const told = await ask("doctor");
    expect(told.code).toBe(8);
    expect(told.stdout).toMatch(
      new RegExp(`^fault {2}lane-c +its process ${frozen} runs and doesn't answer`, "m"),
    );
    const restarted = await ask("restart", "lane-c");
    expect([restarted.code, restarted.stderr]).toEqual([0, expect.stringContaining("killed")]);
    expect(restarted.stdout).toMatch(/^lane-c is ready again as process \d+/);
    expect(exists(frozen)).toBe(false);
    expect((await ask("restart", "lane-z")).code).toBe(4);
    // Restarts that people ask for are no faults, however many.
    for (let time = 1; time <= 3; time += 1)
      expect((await ask("restart", "paper-broker")).code).toBe(0);
    const { runs = {} } = readState(join(folder(), "up.json")) ?? {};
    expect(runs["paper-broker"]).toMatchObject({ restarts: 3, faults: [] });
    expect(runs["lane-c"]).toMatchObject({ restarts: 1, faults: [] });
    const after = JSON.parse((await ask("get", "services", "-o", "json")).stdout);
    const broker = after.services.find(({ name }: { name: string }) => name === "paper-broker");
    // Not the mesh's age.
    expect(broker.processes[0].startedAt).toBe(runs["paper-broker"]?.startedAt);
    expect(runs["paper-broker"]?.startedAt).not.toBe(state.startedAt);

    const server = state.pids["nats-server"] ?? 0;
    const limited = spawnSync("prlimit", ["--pid", String(server), "--fsize=1:unlimited"]);
    if (limited.status !== 0) return;
    await untilGone([server]);
    await eventually(async () => (await ask("doctor")).code === 0, {
      what: "all is well again",
      withinMs: 60_000,
    });
  },
);

test(
  "up starts everything, brings back what dies on the same port, refuses a second one, and stops in order",
  { timeout: 150_000 },
  async () => {
    const first = up();
    const state = await untilUp(first);
    const names = Object.keys(state.pids).toSorted();
    expect(names).toEqual([
      "coordinator",
      "escalation",
      "lane-a",
      "lane-b",
      "lane-c",
      "lane-d",
      "lane-e",
      "lane-f",
      "metrics",
      "nats-server",
      "paper-broker",
      "paper-engine",
    ]);
    for (const secret of [
      "audit-key.pem",
      "keys/broker-operator.token",
      "keys/broker-lane-f.token",
      "keys/reader.token",
    ])
      expect(statSync(join(folder(), secret)).mode & 0o777).toBe(0o600);
    // Whoever asks it is answered, so nobody starts it unasked.
    expect(state.monitorUrl).toBeUndefined();
    expect(await Promise.all(Object.values(state.addresses).map(ready))).not.toContain(false);

    const second = up();
    const [code] = await once(second.child, "exit");
    expect(code).toBe(6);
    expect(JSON.parse(second.errors())).toMatchObject({
      error: { code: "E_CONFLICT", message: expect.stringContaining(`process ${state.pid}`) },
    });

    for (const name of ["nats-server", "paper-broker"]) {
      process.kill(state.pids[name] ?? 0, "SIGKILL");
      await eventually(
        () => {
          const now = readState(join(folder(), "up.json"))?.pids[name];
          return now !== undefined && now !== state.pids[name];
        },
        { what: `another ${name}`, withinMs: 30_000 },
      );
    }
    const later = await eventually(
      async () => {
        const now = readState(join(folder(), "up.json"));
        const answers = await Promise.all(Object.values(now?.addresses ?? {}).map(ready));
        return !answers.includes(false) && now;
      },
      { what: "everything is ready again", withinMs: 60_000 },
    );
    expect(later.natsUrl).toBe(state.natsUrl);
    expect(later.addresses).toEqual(state.addresses);

    first.child.kill("SIGINT");
    expect(await once(first.child, "exit")).toEqual([0, null]);
    expect(first.events.at(-1)).toEqual({ event: "down" });
    await untilGone(Object.values(later.pids));
    expect(existsSync(join(folder(), "up.json"))).toBe(false);
  },
);

test("no process outlives an up that is killed", { timeout: 120_000 }, async () => {
  const mesh = up("--no-sync-always");
  const state = await untilUp(mesh);
  mesh.child.kill("SIGKILL");
  await untilGone(Object.values(state.pids));
  expect(Object.values(state.pids).filter(exists)).toEqual([]);
});
