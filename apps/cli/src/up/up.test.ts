/** `baton up` as a process: the whole mesh, what happens when parts of it die, and how it ends. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ensureMeshKeys } from "@baton/mesh";
import { eventually } from "@baton/testkit";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";

import { baton } from "../testing/run-baton.ts";
import { OTHERS } from "./local-people.ts";
import { type MeshState, readState, writeState } from "./up-state.ts";

const MAIN = join(import.meta.dirname, "../main.ts");
const START_MS = 90_000;

let dir: string;
let running: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "baton-up-"));
});

afterEach(async () => {
  await Promise.all(
    running
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      .map((child) => {
        child.kill("SIGKILL");
        return once(child, "exit");
      }),
  );
  running = [];
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

interface Up {
  readonly child: ChildProcess;
  readonly events: { event: string; kind?: string; service?: string; pid?: number }[];
  readonly errors: () => string;
}

/** `baton up --json` on the test's folder, on ports of its own. */
function up(...more: string[]): Up {
  const args = ["up", "--json", "--data", dir, "--port", "0", ...more];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  const events: Up["events"] = [];
  let errors = "";
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) events.push(JSON.parse(line));
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  return { child, events, errors: () => errors };
}

async function untilUp({ child, events, errors }: Up): Promise<MeshState> {
  const what = "the mesh is up";
  return eventually(
    () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${errors()}`);
      return events.some(({ event }) => event === "up") && readState(join(dir, "up.json"));
    },
    { what, withinMs: START_MS },
  );
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet doesn't run any more.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  await eventually(() => !pids.some(exists), { what: `${pids.join()} are gone`, withinMs: 30_000 });
}

async function ready(address: string | undefined): Promise<boolean> {
  return (await fetch(`${address}/readyz`)).status === 200;
}

test(
  "what is well is said to be, a frozen service is found and restarted, and a server that stores nothing comes back",
  { timeout: 200_000 },
  async () => {
    const state = await untilUp(up());
    const ask = (...args: string[]) => baton(args, { server: state.natsUrl, cwd: dir });
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
    const { runs = {} } = readState(join(dir, "up.json")) ?? {};
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
    ])
      expect(statSync(join(dir, secret)).mode & 0o777).toBe(0o600);
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
          const now = readState(join(dir, "up.json"))?.pids[name];
          return now !== undefined && now !== state.pids[name];
        },
        { what: `another ${name}`, withinMs: 30_000 },
      );
    }
    const later = await eventually(
      async () => {
        const now = readState(join(dir, "up.json"));
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
    expect(existsSync(join(dir, "up.json"))).toBe(false);
  },
);

test(
  "who starts a mesh signs by itself and has others to approve; strangers are refused",
  { timeout: 150_000 },
  async () => {
    const mesh = up("--no-sync-always");
    const state = await untilUp(mesh);
    writeState(join(dir, ".baton/up.json"), state);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await baton([...args, "--json"], {
        cwd: dir,
        env: { BATON_NATS_URL: "" },
      });
      return { code, json: JSON.parse(stdout === "" ? stderr : stdout) };
    };
    const file = join(import.meta.dirname, "../../../../examples/candidates/trend.yaml");
    const submitted = await run("submit", file);
    expect(submitted).toMatchObject({ code: 0, json: { outcome: { kind: "accepted" } } });
    const again = await run("submit", file);
    const { duplicate: _, ...original } = submitted.json.outcome;
    const { stands, ...receipt } = again.json.outcome;
    expect(receipt).toEqual({ ...original, duplicate: true });
    expect(stands).toMatchObject({ holder: expect.any(String), since: expect.any(String) });
    const checked = await run("check");
    expect(checked.code).toBe(0);
    expect(checked.json.map(({ id, ok }: { id: string; ok: boolean }) => [id, ok])).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [`J${n}`, true]),
    );
    const id: string = submitted.json.candidateId;
    const paused = await run("pause", id, "--why", "to look at it", "--as", OTHERS[0] ?? "");
    expect(paused).toMatchObject({ code: 0 });
    const stranger = await run("cancel", id, "--why", "I may not", "--as", "somebody else");
    expect(stranger).toMatchObject({ code: 9, json: { error: { code: "E_DENIED" } } });

    const asLane = { BATON_NATS_URL: "", BATON_NATS_SEED_FILE: join(dir, "keys/lane-a.seed") };
    for (const args of [
      ["get", "candidates"],
      ["cancel", id, "--why", "with a lane's key"],
    ]) {
      const refused = await baton(args, { cwd: dir, env: asLane });
      expect([args, refused.code, refused.stderr]).toEqual([
        args,
        9,
        expect.stringContaining("E_DENIED"),
      ]);
    }

    const { code, stderr } = await baton(["get", "candidates", "--server", state.natsUrl], {
      cwd: tmpdir(),
      env: { HOME: dir, BATON_NATS_SEED_FILE: strangersSeed() },
    });
    expect(code).toBe(9);
    expect(stderr).toContain("E_DENIED");
    expect(stderr).toContain("keys/cli.seed");
  },
);

/** A key that no mesh knows. */
function strangersSeed(): string {
  return ensureMeshKeys(join(dir, "strangers")).seedFileOf("cli");
}

test("no process outlives an up that is killed", { timeout: 120_000 }, async () => {
  const mesh = up("--no-sync-always");
  const state = await untilUp(mesh);
  mesh.child.kill("SIGKILL");
  await untilGone(Object.values(state.pids));
  expect(Object.values(state.pids).filter(exists)).toEqual([]);
});

test("a port that somebody else has is told with the way out", { timeout: 30_000 }, async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const bound = taken.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const refused = up("--port", String(port));
  expect(await once(refused.child, "exit")).toEqual([6, null]);
  taken.close();
  expect(refused.errors()).toContain("`--port 0` takes any free port");
});

test(
  "a service's wrong configuration ends it like other wrong input",
  { timeout: 60_000 },
  async () => {
    const policy = join(dir, "escalation.yaml");
    writeFileSync(policy, "channels: none\n");
    vi.stubEnv("BATON_ESCALATION", policy);
    onTestFinished(() => void vi.unstubAllEnvs());
    const refused = up();
    expect(await once(refused.child, "exit")).toEqual([3, null]);
    expect(refused.errors()).toContain("E_INVALID");
    expect(refused.errors()).toContain("escalation ended with code 3");
    expect(refused.errors()).toContain("channels");
  },
);

test("options that contradict each other and ports that are none are told at once", async () => {
  const wrong = up("--ephemeral");
  expect(await once(wrong.child, "exit")).toEqual([2, null]);
  expect(wrong.errors()).toContain("--ephemeral and --data contradict each other");
  const port = up("--http-port", "99999");
  expect(await once(port.child, "exit")).toEqual([3, null]);
  expect(port.errors()).toContain("--http-port isn't a port");
});
