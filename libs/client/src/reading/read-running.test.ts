/** What runs against what should: a real repository whose main is moved, entries, an engine's answer over HTTP. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Entry } from "@baton/contracts";
import { createBareRepository, mergeOnce, openWorktree, runBranch } from "@baton/gitops";
import { drillPrefixOf, loaded } from "@baton/playbook";
import { sampleEntry, type SampleChanges } from "@baton/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";

import { runningFindings } from "../diagnosis/examine-running.ts";
import { meshDirectory } from "../here/mesh-directory.ts";
import type { Session } from "../session/session.ts";
import { readRunning } from "./read-running.ts";

const repositoryRoot = join(import.meta.dirname, "../../../..");
const playbook = loaded(parse(readFileSync(join(repositoryRoot, "playbooks/baton.yaml"), "utf8")));
const RUN = "run-00000000000a";
const RAMPED = ["shadow-paper", "live-ramp"];
const RAMP = {
  schemaVersion: "baton.gate-report.v1",
  candidateId: "cand-ramped",
  runId: RUN,
  stage: "live-ramp",
  policyVersion: "1",
  verdict: "pass",
  gates: [{ gateId: "ramp", status: "pass", reasons: [] }],
  promotionTarget: "live",
  inputs: [],
  level: "L3",
  configHash: "a".repeat(64),
  steps: [],
  rolledBack: false,
};

let root: string;
let unclaimed: object[] = [];
const engine = createServer((_, response) => {
  response.end(JSON.stringify({ head: null, strategies: [], refused: [], unclaimed }));
});
beforeAll(() => new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve)));
afterAll(() => void engine.close());
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "baton-runs-"));
  unclaimed = [];
  await createBareRepository(meshDirectory(root).gitops, { initialFiles: { "README.md": "x\n" } });
  return () => rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

const git = (...args: string[]): string =>
  execFileSync("git", ["-C", meshDirectory(root).gitops, ...args])
    .toString()
    .trim();

/** As lane E does it. */
async function rollOut(candidateId: string, level: string, run = RUN): Promise<string> {
  const before = git("rev-parse", "main");
  const remote = { repository: meshDirectory(root).gitops, cacheDir: join(root, "cache") };
  const runId = `${run.slice(0, -1)}${level.slice(1)}`;
  const branch = await runBranch(remote, { lane: "lane-e", runId, today: new Date() });
  await using tree = await openWorktree({ ...remote, branch });
  const limits = { schemaVersion: "baton.strategy-limits.v1", level, notional: 1, enabled: true };
  const data = { "limits.json": JSON.stringify(limits), "strategy.json": "{}" };
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: candidateId }, data };
  const expectedHead = await tree.commitFiles({
    files: { [`strategies/${candidateId}.yaml`]: JSON.stringify(object) },
    message: `Set ${candidateId} to ${level}`,
  });
  await tree.push();
  await mergeOnce({
    ...remote,
    branch,
    into: "main",
    stageRun: `${candidateId}.live-ramp.${run}.${level}`,
    expectedHead,
    owned: [`strategies/${candidateId}.yaml`],
    subject: `Roll out ${candidateId} at ${level}`,
  });
  return before;
}

const moveBack = (commit: string): string => git("update-ref", "refs/heads/main", commit);

const entryOf = (candidateId: string, changes: SampleChanges): Entry =>
  sampleEntry({
    candidateId,
    runId: RUN,
    playbook: playbook.digest,
    visited: RAMPED,
    promoted: true,
    artifacts: [
      {
        name: "gates/live-ramp.json",
        sha256: "b".repeat(64),
        bytes: 1,
        stage: "live-ramp",
        runId: RUN,
      },
    ],
    ...changes,
  });
/** Every entry of these tests says all that it rests on. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing is asked of it
const noStreams = {} as Session["jsm"]["streams"];

const completed = (candidateId: string): Entry =>
  entryOf(candidateId, {
    stage: "audit-evidence",
    holder: "closed",
    reason: "COMPLETED",
    awaits: null,
  });

async function findings(...entries: Entry[]): Promise<string[]> {
  const address = engine.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const contents = new Map([
    [playbook.digest, playbook.source],
    ["b".repeat(64), JSON.stringify(RAMP)],
  ]);
  const compared = await readRunning(
    {
      artifacts: {
        put: () => Promise.reject(new Error("nothing is stored here")),
        get: async (sha256: string) => {
          const text = contents.get(sha256);
          return text === undefined ? undefined : new TextEncoder().encode(text);
        },
      },
      jsm: { direct: { getMessage: async () => null }, streams: noStreams },
      address: {
        up: { dataDir: root, addresses: { "paper-engine": `http://127.0.0.1:${address.port}` } },
      },
    },
    {
      known: new Set(entries.map(({ candidateId }) => candidateId)),
      entries: async () => entries,
    },
  );
  if (!compared) throw new Error("nothing was compared");
  return runningFindings(compared).map(({ level, found, repair }) =>
    repair === undefined ? `${level} ${found}` : `${level} ${found} | ${repair}`,
  );
}

test("main moved back behind a strategy that the journal says runs: named, with what the broker holds, closed or not", async () => {
  const before = await rollOut("cand-ramped", "L3");
  const entry = completed("cand-ramped");
  const monitored = entryOf("cand-ramped", { stage: "continuous-monitoring", holder: "lane-f" });
  expect(await findings(entry)).toEqual([
    "ok main has what the journal says should run: 1 strategy",
  ]);
  const head = git("rev-parse", "main");
  moveBack(before);
  unclaimed = [
    { account: "cand-ramped", positions: [{ instrument: "NDX", held: "3.5" }], problem: null },
  ];
  for (const one of [entry, monitored]) {
    const [found, ...others] = await findings(one);
    expect(others).toEqual([]);
    expect(found).toMatch(
      new RegExp(
        `^fault cand-ramped should run \\(the journal has it at ${one.stage}\\), and main doesn't have it; main was moved back behind ${head.slice(0, 12)}; the broker holds 3.5 NDX, which is run down \\| If it should run: bring main forward again`,
      ),
    );
    expect(found).toContain("`baton incident open --class B --candidate cand-ramped --why …`");
  }
});

test("moved back behind a level: both levels are named", async () => {
  await rollOut("cand-ramped", "L1");
  const before = git("rev-parse", "main");
  await rollOut("cand-ramped", "L3");
  moveBack(before);
  expect((await findings(completed("cand-ramped")))[0]).toMatch(
    /^fault cand-ramped should run at L3, and main has it at L1; main was moved back behind/,
  );
});

test("what main or the broker has and the journal doesn't know, or took out, is named", async () => {
  await rollOut("cand-ramped", "L3");
  expect((await findings())[0]).toMatch(/^fault main has cand-ramped, of which the journal has no/);
  const out = entryOf("cand-ramped", { holder: "closed", reason: "RECOVERED", promoted: false });
  expect((await findings(out))[0]).toMatch(
    /^fault main has cand-ramped, and the journal says that nothing of it runs \(RECOVERED\)/,
  );
  unclaimed = [
    { account: "cand-lost", positions: [{ instrument: "NDX", held: "-2" }], problem: null },
  ];
  expect(await findings(completed("cand-ramped"))).toEqual([
    expect.stringMatching(
      /^fault the broker's account cand-lost is neither main's nor the journal's/,
    ),
  ]);
});

test("a rollout or a recovery under way is no difference", async () => {
  const at = (stage: string, changes: SampleChanges = {}): Entry =>
    entryOf("cand-moving", {
      stage,
      holder: "lane-e",
      visited: [stage],
      artifacts: [],
      ...changes,
    });
  for (const entry of [
    at("shadow-paper"),
    at("incident-recovery", { visited: [...RAMPED, "incident-recovery"] }),
    at("backtest-robustness", { promoted: undefined }),
  ])
    expect(await findings(entry)).toEqual([expect.stringMatching(/^ok /)]);
});

test("what a drill brings to main is no difference while its run is at it, and named when it's left behind", async () => {
  const drill = `${drillPrefixOf(RUN)}4ef2b227`;
  await rollOut(drill, "L0");
  unclaimed = [{ account: drill, positions: [{ instrument: "DRILL", held: "1" }], problem: null }];
  const at = (changes: SampleChanges): Entry =>
    entryOf("cand-drilled", { visited: [], artifacts: [], promoted: undefined, ...changes });
  const drilled = { stage: "rollback-readiness", holder: "lane-f", awaits: 7 };
  expect(await findings(at(drilled))).toEqual([expect.stringMatching(/^ok /)]);
  for (const entry of [
    at({ ...drilled, runId: "run-00000000000b" }),
    at({ ...drilled, stage: "policy-dry-run" }),
    at({ ...drilled, holder: "closed", reason: "CANCELLED", awaits: null }),
  ]) {
    const [onMain, held] = await findings(entry);
    expect(onMain).toContain(`fault main has ${drill}, a drill's strategy that was left behind`);
    expect(onMain).toContain(`Remove strategies/${drill}.yaml from main`);
    expect(held).toContain(`the broker's account ${drill} is neither main's nor the journal's`);
  }
});
