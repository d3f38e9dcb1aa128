/** The whole program on real stores: a nats-server, a bare git repository, a log file. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { publishRaw, startTestNats, type TestNats } from "@baton/testkit";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Finding } from "./finding.ts";
import {
  controlState,
  LIVE_RAMP,
  reportSubjectOf,
  type Story,
  subjectOf,
  tellStory,
  textsOf,
} from "./testing/story.ts";

let nats: TestNats;
let dir: string;

beforeAll(async () => {
  nats = await startTestNats();
  dir = mkdtempSync(join(tmpdir(), "baton-invariants-"));
});

afterAll(async () => {
  await nats.stop();
  rmSync(dir, { recursive: true, force: true });
});

const CHUNK = 128 * 1024;

/** Stores the story in streams of its own. */
async function store(story: Story): Promise<void> {
  const nc = await connect({ servers: nats.url });
  const js = jetstream(nc);
  const jsm = await jetstreamManager(nc);
  for (const name of ["JOURNAL", "REPORTS", "COMMANDS", "CONTROLS", "OBJ_ARTIFACTS"])
    await jsm.streams.delete(name).catch(() => undefined);
  const allow_direct = true;
  await jsm.streams.add({ name: "JOURNAL", subjects: ["baton.journal.>"], allow_direct });
  await jsm.streams.add({ name: "REPORTS", subjects: ["baton.report.>"], allow_direct });
  await jsm.streams.add({ name: "COMMANDS", subjects: ["baton.command.>"], allow_direct });
  await jsm.streams.add({ name: "CONTROLS", subjects: ["baton.control.>"], allow_direct });
  const subjects = ["$O.ARTIFACTS.C.>", "$O.ARTIFACTS.M.>"];
  await jsm.streams.add({ name: "OBJ_ARTIFACTS", subjects, allow_direct });
  for (const [sha256, bytes] of story.objects) {
    const said = { v: 1, sha256, bytes: bytes.length };
    const id = sha256.slice(0, 32);
    // Whoever wants to spoil it says something else about it first.
    await js.publish(`$O.ARTIFACTS.M.lane-b.${sha256}`, JSON.stringify({ ...said, id }));
    for (let from = 0; from < bytes.length; from += CHUNK)
      await js.publish(`$O.ARTIFACTS.C.lane-a.${id}`, bytes.subarray(from, from + CHUNK));
    await js.publish(`$O.ARTIFACTS.M.lane-a.${sha256}`, JSON.stringify({ ...said, id }));
  }
  for (const one of story.reports) await js.publish(reportSubjectOf(one), JSON.stringify(one));
  for (const one of story.controls) await js.publish("baton.control.mesh", JSON.stringify(one));
  const texts = textsOf(story.entries);
  for (const [index, one] of story.entries.entries())
    await js.publish(subjectOf(one), texts[index] ?? "");
  for (const one of story.commands) await js.publish("baton.command.x", JSON.stringify(one));
  await nc.close();
  // The server stores what no client would send.
  const bad = { block: "NATS/1.0 204 EOB\r\nfoo: a\nb\r\n\r\n", body: "{}" };
  await publishRaw(nats.url, [
    { ...bad, subject: "baton.report.lane-c.cand-bad" },
    { ...bad, subject: "baton.command.x" },
  ]);
}

/** A bare repository with one empty commit on main per action. */
function repository(actions: readonly string[]): string {
  const remote = mkdtempSync(join(dir, "gitops-"));
  const env = {
    ...process.env,
    GIT_AUTHOR_NAME: "t",
    GIT_AUTHOR_EMAIL: "t@t",
    GIT_COMMITTER_NAME: "t",
    GIT_COMMITTER_EMAIL: "t@t",
  };
  const git = (...args: string[]): string =>
    execFileSync("git", ["--git-dir", remote, ...args], { env, encoding: "utf8" }).trim();
  git("init", "--quiet", "--bare", "--initial-branch=main");
  const tree = git("hash-object", "-t", "tree", "-w", "/dev/null");
  let parent: string[] = [];
  for (const action of ["", ...actions]) {
    const message = action === "" ? "Start" : `Merge\n\nBaton-Stage-Run: ${action}\nBaton-Nonce: n`;
    const commit = git("commit-tree", ...parent, "-m", message, tree);
    git("update-ref", "refs/heads/main", commit);
    parent = ["-p", commit];
  }
  return remote;
}

const ORDER = {
  symbol: "NDX",
  qty: "1.5",
  side: "buy",
  limit_price: null,
  stop_price: null,
  reference_price: "100",
};

function ledger(orders: readonly string[]): string {
  const file = join(mkdtempSync(join(dir, "broker-")), "ledger.jsonl");
  const lines = ["", ...orders].map((id, n) => {
    const at = new Date(Date.now() + 60_000).toISOString();
    const taken = { ...ORDER, client_order_id: id };
    const order = { type: "order", at, account: "paper", order: taken };
    return JSON.stringify({ sum: "0", n, event: n === 0 ? { type: "ledger" } : order });
  });
  // The last line was never finished.
  writeFileSync(file, `${lines.join("\n")}\n{"sum":"0","n":`);
  return file;
}

const STAGES = { promoting: ["live-ramp"], recovery: "incident-recovery" };

interface Checked {
  readonly status: number | null;
  readonly stderr: string;
  readonly failed: readonly string[];
  readonly checked: Readonly<Record<string, number>>;
  readonly told: Readonly<Record<string, Finding["violations"]>>;
}

function check(input: object): Checked {
  const file = join(dir, "input.json");
  writeFileSync(
    file,
    JSON.stringify({
      natsSeedFile: null,
      gates: {},
      ...STAGES,
      receipts: [],
      settled: true,
      ...input,
    }),
  );
  const main = join(import.meta.dirname, "main.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, file], {
    encoding: "utf8",
  });
  const findings: Finding[] = stdout === "" ? [] : JSON.parse(stdout).invariants;
  return {
    status,
    stderr,
    failed: findings.filter(({ ok }) => !ok).map(({ id }) => id),
    checked: Object.fromEntries(findings.map(({ id, checked }) => [id, checked])),
    told: Object.fromEntries(findings.map(({ id, violations }) => [id, violations])),
  };
}

test("a mesh in which everything holds gives exit code 0", async () => {
  await store(tellStory());
  const result = check({
    natsUrl: nats.url,
    remotes: [repository([`${LIVE_RAMP}.L1`, `${LIVE_RAMP}.L2`])],
    brokerLog: ledger(["o-1", "o-2"]),
    gates: { "gate-evaluation": "gates/gate-evaluation.json" },
  });
  expect(result).toMatchObject({ status: 0, failed: [], stderr: "" });
  expect(result.checked).toEqual({ J1: 8, J2: 4, J3: 3, J4: 2, J5: 1, J6: 4, J7: 1, J8: 2, J9: 6 });
});

test("what is wrong in the stores themselves is found in each of them", async () => {
  const story = tellStory();
  const [name = ""] = story.objects.keys();
  story.objects.set(name, new TextEncoder().encode("other bytes"));
  await store(story);
  const result = check({
    natsUrl: nats.url,
    remotes: [repository([`${LIVE_RAMP}.L1`, `${LIVE_RAMP}.L1`])],
    brokerLog: ledger(["o-1", "o-1"]),
  });
  expect(result).toMatchObject({ status: 1, failed: ["J2", "J4", "J8"] });
});

test("what went on under the mesh's kill switch is found in the controls, the journal and the broker's log", async () => {
  const story = tellStory();
  story.controls.push(controlState(1, 0, { killSwitch: { releases: [] } }));
  Object.assign(story.entries[6] ?? {}, { controls: 1 });
  await store(story);
  const result = check({ natsUrl: nats.url, remotes: [], brokerLog: ledger(["o-1"]) });
  expect(result).toMatchObject({ status: 1, failed: ["J7"] });
  expect(result.told["J7"]?.map(({ what }) => what)).toEqual([
    expect.stringMatching(/order o-1 of paper was taken while the mesh's kill switch was engaged/),
    expect.stringMatching(/live-ramp although under CONTROLS 1 the kill switch is engaged/),
  ]);
});

test("a large artifact that comes in chunks is hashed as a whole", async () => {
  const story = tellStory();
  const large = new Uint8Array(3 * 1024 * 1024).fill(7);
  const { createHash } = await import("node:crypto");
  const sha256 = createHash("sha256").update(large).digest("hex");
  story.objects.set(sha256, large);
  const artifact = { name: "large.bin", sha256, bytes: large.length };
  const last = story.entries.at(-1) ?? {};
  Object.assign(last, { artifacts: [artifact] });
  await store(story);
  expect(check({ natsUrl: nats.url, remotes: [], brokerLog: null }).failed).toEqual([]);
});

test("stores that can't be read are told and give exit code 8, wrong input gives 2", () => {
  const unreachable = check({ natsUrl: "nats://127.0.0.1:1", remotes: [], brokerLog: null });
  expect(unreachable.status).toBe(8);
  expect(unreachable.stderr).toContain("E_UNAVAILABLE (8)");
  const wrong = check({ natsUrl: 5, remotes: [], brokerLog: null });
  expect(wrong).toMatchObject({ status: 2, stderr: "E_USAGE (2): natsUrl: not a text\n" });
});
