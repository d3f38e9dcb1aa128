/** `baton doctor` and `watch` against a mesh of real processes, and what commands say when nobody coordinates. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { LANES } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import { candidateIdOf, evidenceDigest } from "@baton/playbook";
import { eventually, sampleEntry } from "@baton/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type CliMesh, startCliMesh } from "./testing/cli-mesh.ts";
import { baton as run, type Ended, type RunOptions, startBaton } from "./testing/run-baton.ts";

let on: CliMesh;
const baton = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  run(args, { server: on.url, cwd: on.folder.path, ...options });

/** A process that says it's well, as that kind. */
const answerAs = (url: string, service: string): Promise<Mesh> =>
  openMesh({
    url,
    name: service,
    health: () => ({
      v: 1,
      service,
      instance: "test",
      host: "here",
      pid: process.pid,
      startedAt: new Date().toISOString(),
      ready: true,
      checks: [],
    }),
  });

beforeAll(async () => {
  on = await startCliMesh();
}, 60_000);
afterAll(() => on.stop(), 30_000);

describe("doctor", () => {
  test("names lanes that don't run, each with its repair, and ends with 8", async () => {
    const { code, stdout } = await baton(["doctor"]);
    expect(code).toBe(8);
    expect(stdout).toMatch(/^ok {5}version +nats-server 2\.\d+/m);
    expect(stdout).toMatch(/^ok {5}lane-a /m);
    expect(stdout).toMatch(/^fault {2}lane-c +no process of lane-c runs/m);
    expect(stdout).toContain("do: Start lane-c");
    expect(stdout).toMatch(/^ok {5}lane-a +ready, runs for/m);
    expect(stdout).toMatch(/^fault {2}paper-engine +no process of it answers/m);
    expect(stdout).toMatch(/^note {3}sync_interval +unknown/m);
  });

  test("is content when everybody reads", async () => {
    const ignore = (): void => undefined;
    const take = (_delivery: object, release: () => void): void => release();
    const { mesh } = on;
    const absent = ["lane-b", "lane-c", "lane-d", "lane-e", "lane-f"];
    const answering = await Promise.all(
      [...absent, "escalation", "metrics", "paper-engine"].map((name) => answerAs(on.url, name)),
    );
    const lanes = LANES.slice(1).map((lane) =>
      mesh.laneInbox(lane).open({ capacity: 1, onDispatch: take, onTrouble: ignore }),
    );
    const escalation = mesh.take({
      stream: "JOURNAL",
      durable: "escalation",
      capacity: 100,
      onTrouble: ignore,
      onDelivery: (delivery, release) => {
        delivery.ack();
        release();
      },
    });
    const { code, stdout } = await baton(["doctor", "--json"]);
    await Promise.all([...lanes, escalation].map((worker) => worker.stop(1000)));
    await Promise.all(answering.map((one) => one[Symbol.asyncDispose]()));
    const { healthy, findings } = JSON.parse(stdout);
    expect(findings.filter(({ level }: { level: string }) => level === "fault")).toEqual([]);
    expect([code, healthy]).toEqual([0, true]);
  });
});

describe("doctor --deep", () => {
  test("names an artifact that the journal has and the store lost, and a copy makes it good", async () => {
    const copy = join(on.folder.path, "pack.tar");
    writeFileSync(copy, "sealed");
    const sha256 = createHash("sha256").update("sealed").digest("hex");
    const candidateId = "cand-rotten-1";
    const name = "observed/audit-pack.tar";
    const pack = { name, sha256, bytes: 6, stage: "bench-1", runId: "run-1000000" };
    await on.mesh.journal.append(
      sampleEntry({
        candidateId,
        holder: "closed",
        reason: "COMPLETED",
        awaits: null,
        artifacts: [pack],
      }),
    );
    const deep = await baton(["doctor", "--deep"]);
    expect(deep.code).toBe(8);
    const fault = `fault  stored .*audit-pack.tar of ${candidateId} is missing \\(${sha256}\\)\n +do: A copy`;
    expect(deep.stdout).toMatch(new RegExp(fault));
    const lost = await baton(["artifacts", "get", candidateId, name]);
    expect([lost.code, lost.stdout]).toEqual([6, ""]);
    expect(lost.stderr).toContain("was stored, and isn't there any more");
    expect(lost.stderr).toContain("`baton artifacts put FILE`");
    expect(lost.stderr).not.toContain("resume");
    const put = await baton(["artifacts", "put", copy]);
    expect([put.code, put.stdout]).toEqual([0, `${sha256}  ${copy}  stored\n`]);
    expect((await baton(["artifacts", "put", copy])).stdout).toContain("was stored as it is");
    expect((await baton(["artifacts", "get", candidateId, name, "-O", "-"])).stdout).toBe("sealed");
    expect((await baton(["doctor", "--deep"])).stdout).not.toContain("audit-pack.tar");
  });

  test("nobody is told to approve on evidence that the store lost", async () => {
    const candidateId = "cand-rotten-2";
    const lost = { sha256: "5".repeat(64), bytes: 6, stage: "bench-1", runId: "run-1000000" };
    const artifacts = [{ ...lost, name: "backtest/report.json" }];
    await on.mesh.journal.append(
      sampleEntry({
        candidateId,
        holder: "review",
        reason: "APPROVAL_REQUIRED",
        awaits: null,
        artifacts,
        review: {
          openedAt: new Date().toISOString(),
          action: `\`baton approve ${candidateId}\``,
          next: "bench-2",
          evidence: evidenceDigest(artifacts),
        },
      }),
    );
    const { code, stdout } = await baton(["explain", candidateId]);
    expect(code).toBe(0);
    expect(stdout).toContain("isn't complete: backtest/report.json isn't in the artifact store");
    expect(stdout).toMatch(/^Do: `baton reject cand-rotten-2 --why …`, or `baton send-back/m);
    const refused = await baton(["approve", candidateId, "--yes", "--why", "x"]);
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining("isn't complete")]);
  });
});

describe("doctor on messages and settings", () => {
  test("tells what was set aside, why, and which sequence", async () => {
    const subject = "baton.report.lane-b.cand-garbled.bench-2.run-garbled.result";
    const { sequence } = await on.mesh.publisher.publish({ subject, payload: "{", headers: {} });
    const told = await eventually(
      async () => {
        const { stdout } = await baton(["doctor"]);
        return stdout.includes("set aside (E_MALFORMED not JSON (1 bytes))") ? stdout : undefined;
      },
      { what: "the advisory is told", withinMs: 10_000 },
    );
    expect(told).toContain(`REPORTS ${sequence}`);
    expect(told).toContain("nats stream get REPORTS");
    expect(told).toMatch(new RegExp(`REPORTS ${sequence}, the last \\d+s ago`));
  });

  test("names drift with the command that mends it", async () => {
    const { config } = await on.mesh.jsm.consumers.info("JOURNAL", "lane-f");
    await on.mesh.jsm.consumers.update("JOURNAL", "lane-f", { ...config, max_deliver: 3 });
    const { code, stdout } = await baton(["doctor"]);
    await on.mesh.jsm.consumers.update("JOURNAL", "lane-f", config);
    expect(code).toBe(8);
    expect(stdout).toContain("max_deliver is 3, should be 8");
    expect(stdout).toContain("do: nats consumer edit JOURNAL lane-f --max-deliver=8");
  });

  test("finds what no coordinator wrote into the journal; lists leave it out", async () => {
    const subject = "baton.journal.lane-a.cand-foreign.bench-1.run-foreign";
    const { sequence } = await on.mesh.publisher.publish({ subject, payload: "{}", headers: {} });
    const { code, stdout } = await baton(["doctor"]);
    expect(code).toBe(8);
    expect(stdout).toMatch(
      new RegExp(`^fault {2}journal +JOURNAL ${sequence} isn't an entry`, "m"),
    );
    const list = await baton(["get", "candidates"]);
    expect(list.stdout).not.toContain("cand-foreign");
    expect(list.stderr).toContain("1 message in JOURNAL is no entry");
    const asked = await baton(["explain", "cand-foreign"]);
    expect(asked.code).toBe(6);
    expect(asked.stderr).toContain(`JOURNAL ${sequence} isn't an entry`);
  });
});

test.each([["describe"], ["explain"], ["trace"], ["watch"], ["artifacts", "list"]])(
  "%s of a candidate that nobody knows ends with 4",
  async (...command) => {
    const { code, stderr } = await baton([...command, "cand-000000000000"]);
    expect(code).toBe(4);
    expect(stderr).toContain("E_NOT_FOUND (4): no candidate cand-000000000000 is known");
  },
);

test("a command for a candidate that nobody knows ends with 4", async () => {
  const { code, stderr } = await baton(["pause", "cand-000000000000", "--why", "x"]);
  expect(code).toBe(4);
  expect(stderr).toContain("`baton get candidates` lists those there are.");
});

test("everybody's moves are watched until Ctrl-C", { timeout: 60_000 }, async () => {
  const running = startBaton(["watch", "--json"], { server: on.url });
  // What moved before it watched isn't shown, so there is one candidate after the other until one is.
  let count = 0;
  await eventually(
    async () => {
      const name = `seen-live-${(count += 1)}`;
      await baton(["submit", "--unchecked", "-"], { stdin: `name: ${name}\n` });
      return running.stdout().includes(candidateIdOf({ name }));
    },
    { what: "a line", withinMs: 50_000 },
  );
  running.kill("SIGINT");
  expect((await running.ended).code).toBe(130);
  for (const line of running.stdout().trimEnd().split("\n"))
    expect(JSON.parse(line)).toHaveProperty("reason");
});

describe("without a coordinator", () => {
  beforeAll(() => on.coordinator.stop());

  test("a command is stored, and said to be undecided (8)", async () => {
    const { code, stderr } = await baton(["submit", "--unchecked", "-", "--timeout", "1s"], {
      stdin: "name: late\n",
    });
    expect(code).toBe(8);
    expect(stderr).toContain("is stored as command cmd-");
    expect(stderr).toContain("nobody decided on it in 1s");
    expect(stderr).toContain("Don't send it again");
  });

  test("Ctrl-C says what became of the command", { timeout: 60_000 }, async () => {
    const before = (await on.mesh.jsm.streams.info("COMMANDS")).state.messages;
    const running = startBaton(["submit", "--unchecked", "-", "--timeout", "5m"], {
      server: on.url,
      stdin: "name: interrupted\n",
    });
    await eventually(
      async () => (await on.mesh.jsm.streams.info("COMMANDS")).state.messages > before,
      { what: "the command is stored", withinMs: 50_000 },
    );
    running.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /interrupted: (unknown whether )?submit of cand-[0-9a-f]{12} (is stored|was accepted)/,
    );
    expect(stderr).toContain("run `baton describe cand-");
  });

  test("doctor says who is missing", async () => {
    const { stdout } = await baton(["doctor"]);
    expect(stdout).toMatch(
      /^fault {2}coordinator-commands +COMMANDS: nobody reads it \(2 waiting/m,
    );
    expect(stdout).toContain("do: Start the coordinator");
  });
});
