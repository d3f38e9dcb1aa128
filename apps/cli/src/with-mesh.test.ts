/** Every command against a mesh of real processes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import { Receipt } from "@baton/contracts";
import { candidateIdOf } from "@baton/playbook";
import { eventually } from "@baton/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { candidatesOn } from "./testing/candidates-on.ts";
import {
  answerAsLaneB,
  type CliMesh,
  passWithReport,
  REPORT,
  startCliMesh,
} from "./testing/cli-mesh.ts";
import { baton as run, type Ended, type RunOptions, startBaton } from "./testing/run-baton.ts";

let on: CliMesh;
const baton = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  run(args, { server: on.url, cwd: on.folder.path, ...options });

beforeAll(async () => {
  on = await startCliMesh();
}, 60_000);
afterAll(() => on.stop(), 30_000);

const { submitted, waiting, withLaneB } = candidatesOn(() => on, baton);

describe("submit", () => {
  test("prints a receipt; the same again is a duplicate with the original one", async () => {
    const candidateId = await submitted("twice");
    const first = await baton(["submit", "--unchecked", "twice.yaml", "--json"]);
    const again = await baton(["submit", "--unchecked", "twice.yaml"]);
    const receipt = Receipt.parse(JSON.parse(first.stdout));
    expect(receipt).toMatchObject({ candidateId, outcome: { duplicate: true, stage: "bench-1" } });
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("duplicate  ");
    expect(again.stdout).toContain("this is the original receipt");
  });

  test("several at once, from files and standard input", async () => {
    writeFileSync(join(on.folder.path, "one.json"), '{ "name": "one" }');
    const { code, stdout } = await baton(["submit", "--unchecked", "one.json", "-", "-o", "json"], {
      stdin: "name: two\n",
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { candidateId: candidateIdOf({ name: "one" }), outcome: { kind: "accepted" } },
      { candidateId: candidateIdOf({ name: "two" }), outcome: { kind: "accepted" } },
    ]);
  });

  test("an id that is taken by another specification is a conflict (6)", async () => {
    const named = ["--id", "cand-of-mine"];
    await baton(["submit", "--unchecked", "-", ...named], { stdin: "name: mine\n" });
    const { code, stderr } = await baton(["submit", "--unchecked", "-", ...named], {
      stdin: "name: other\n",
    });
    expect(code).toBe(6);
    expect(stderr).toContain("E_CONFLICT (6): cand-of-mine exists with another specification");
  });
});

describe("submit with more to it", () => {
  test("prices of one's own are stored, and named by digest", async () => {
    mkdirSync(join(on.folder.path, "own"));
    writeFileSync(join(on.folder.path, "own/mine.csv"), "date,close\n2026-01-01,1\n");
    const spec = "universe: [{ instrument: MINE, csv: { path: ./mine.csv } }]\n";
    writeFileSync(join(on.folder.path, "own/spec.yaml"), spec);
    const { code, stdout } = await baton(["submit", "--unchecked", "own/spec.yaml", "--json"]);
    expect(code).toBe(0);
    const { candidateId } = Receipt.parse(JSON.parse(stdout));
    const first = await on.mesh.journal.first(candidateId);
    const csv = JSON.stringify(first?.entry.basis.spec);
    const sha256 = /"sha256":"([0-9a-f]{64})"/.exec(csv)?.[1] ?? "";
    const fetched = await baton(["artifacts", "get", "--sha256", sha256]);
    expect(fetched.stdout).toBe("date,close\n2026-01-01,1\n");
  });

  test("--wait ends with 5 where a person is needed, and says what to do", async () => {
    const { code, stdout, stderr } = await baton(["submit", "--unchecked", "-", "--wait"], {
      stdin: "name: waits\n",
    });
    expect(code).toBe(5);
    expect(stdout).toContain("APPROVAL_REQUIRED");
    expect(stderr).toContain("E_GUARD (5): not completed: ");
    expect(stderr).toContain("APPROVAL_REQUIRED at bench-1");
  });

  test("--wait ends with 0 when it's completed, whatever reviews it went through", async () => {
    const candidateId = await withLaneB("to-the-end");
    const running = startBaton(["submit", "--unchecked", "to-the-end.yaml", "--wait", "--json"], {
      server: on.url,
      cwd: on.folder.path,
    });
    const last = await on.standsAt(candidateId, "lane-b", "bench-2");
    await answerAsLaneB(on, last, { kind: "pass" });
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ candidateId, end: { reason: "COMPLETED" } });
  });
});

describe("a candidate that waits for a person", () => {
  let candidateId: string;
  beforeAll(async () => {
    candidateId = await waiting("asks");
  });

  test("is in the lists, and filters find it", async () => {
    const all = await baton(["get", "candidates"]);
    expect(all.stdout.split("\n")[0]).toMatch(
      /^CANDIDATE +STAGE +HOLDER +REASON +AGE +RUN +ITER +DETAIL$/,
    );
    expect(all.stdout).toMatch(
      new RegExp(`^${candidateId} +bench-1 +review +APPROVAL_REQUIRED `, "m"),
    );
    const fitting = ["--holder", "review", "--reason", "approval_required", "--stage", "bench-1"];
    const found = await baton(["get", "candidates", ...fitting, "-o", "json"]);
    expect(JSON.parse(found.stdout)).toContainEqual(expect.objectContaining({ candidateId }));
    const other = await baton(["get", "candidates", "--holder", "closed", "-o", "yaml"]);
    expect(other.stdout).not.toContain(candidateId);
    const reviews = await baton(["get", "reviews"]);
    expect(reviews.stdout).toMatch(
      new RegExp(`^${candidateId} +APPROVAL_REQUIRED +bench-1 +bench-2 `, "m"),
    );
  });

  test.each([
    ["candidates", "bench-12", /^nobody stands at bench-12, .*; did you mean bench-1\?\n$/],
    ["reviews", "live-rmap", /^nobody stands at live-rmap, .*; did you mean live-ramp\?\n$/],
    ["candidates", "zzzzzzzzzz", /^nobody stands at zzzzzzzzzz, .*; there are research-intake, /],
    ["reviews", "live-ramp", /^$/],
  ])("%s at %s: none, and the stage that was meant is named", async (what, stage, says) => {
    const { code, stdout, stderr } = await baton(["get", what, "--stage", stage, "-o", "json"]);
    expect([code, JSON.parse(stdout)]).toEqual([0, []]);
    expect(stderr).toMatch(says);
  });

  test("a shorter list says how many are left out", async () => {
    const { stdout, stderr } = await baton(["get", "candidates", "--limit", "1"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
    expect(stderr).toMatch(/^\d+ more are not shown; --limit \d+ shows all\n$/);
  });

  test("is explained in one sentence with one action", async () => {
    const { code, stdout } = await baton(["explain", candidateId]);
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toContain(`${candidateId} waits for a person since`);
    expect(stdout.split("\n")[1]).toMatch(/^Do: /);
  });
});

describe("a question to a person", () => {
  let candidateId: string;
  beforeAll(async () => {
    candidateId = await waiting("decides");
  });

  test("can't be approved by its author (9), nor on other evidence (6)", async () => {
    const own = await baton([
      "approve",
      candidateId,
      "-y",
      "--why",
      "mine",
      "--as",
      userInfo().username,
    ]);
    expect(own.code).toBe(9);
    expect(own.stderr).toContain("E_DENIED (9): ");
    const other = ["--evidence", "ab".repeat(32), "--as", "eve"];
    const stale = await baton(["approve", candidateId, "-y", "--why", "fine", ...other]);
    expect(stale.code).toBe(6);
    expect(stale.stderr).toContain("approve again");
  });

  test("is sent back, and asks again in a new run", async () => {
    const { code } = await baton(["send-back", candidateId, "--why", "widen", "--as", "eve"]);
    expect(code).toBe(0);
    const { entry } = await on.standsAt(candidateId, "review", "bench-1");
    const whole = await on.mesh.journal.whole(entry);
    expect(whole).toMatchObject({ iteration: 1, feedback: [{ stage: "bench-1" }] });
  });

  test("is closed by a rejection, and can't be cancelled then", async () => {
    const { code, stdout } = await baton([
      "reject",
      candidateId,
      "--why",
      "too risky",
      "--as",
      "eve",
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^accepted {3}cand-/);
    const late = await baton(["cancel", candidateId, "--why", "late"]);
    expect(late.code).toBe(6);
    expect(late.stderr).toContain("is closed (REJECTED)");
  });
});

describe("a candidate that a lane has", () => {
  let candidateId: string;
  beforeAll(async () => {
    candidateId = await withLaneB("works");
  });

  test("is explained by the lane that doesn't run", async () => {
    const { stdout } = await baton(["explain", candidateId]);
    expect(stdout).toContain("no process of lane-b runs");
    expect(stdout).toContain("Do: Start lane-b");
  });

  test("shows its failed attempt", async () => {
    const last = await on.standsAt(candidateId, "lane-b", "bench-2");
    await answerAsLaneB(on, last, { kind: "attempt-failed", attempt: 1 });
    await on.standsFor(candidateId, "RETRY_BACKOFF");
    const { stdout } = await baton(["describe", candidateId]);
    expect(stdout).toContain("Failure:   E_DATA_UNAVAILABLE (transient): the data source is away");
    expect(stdout).toMatch(/bench-2 .* 1 +lane-b .*E_DATA_UNAVAILABLE/);
    expect(stdout).toMatch(/eve +bench-2 /);
  });

  test("is paused, and resumed", async () => {
    expect((await baton(["pause", candidateId, "--why", "holiday"])).code).toBe(0);
    expect((await baton(["explain", candidateId])).stdout).toContain("(PAUSED)");
    expect((await baton(["pause", candidateId, "--why", "again"])).code).toBe(6);
    expect((await baton(["resume", candidateId, "--why", "back"])).code).toBe(0);
    await on.standsAt(candidateId, "lane-b", "bench-2");
  });
});

describe("a candidate that is completed", () => {
  let candidateId: string;
  beforeAll(async () => {
    candidateId = await withLaneB("completes");
    const last = await on.standsAt(candidateId, "lane-b", "bench-2");
    await answerAsLaneB(on, last, { kind: "attempt-failed", attempt: 1 });
    await on.standsFor(candidateId, "RETRY_BACKOFF");
  });

  test("is watched to its end, line by line", async () => {
    const watching = startBaton(["watch", candidateId], { server: on.url });
    await eventually(() => watching.stdout().includes("RETRY_BACKOFF"), { what: "the first line" });
    await passWithReport(on, await on.standsAt(candidateId, "lane-b", "bench-2"));
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n").at(-1)).toContain("COMPLETED");
  });

  test("is drawn as a waterfall, and told in numbers", async () => {
    const drawn = await baton(["trace", candidateId]);
    expect(drawn.code).toBe(0);
    for (const line of [
      "bench-1 lane-a ",
      "bench-2 lane-b ",
      "failed: E_DATA_UNAVAILABLE",
      "APPROVAL_REQUIRED → approve by eve",
    ])
      expect(drawn.stdout).toContain(line);
    const told = JSON.parse((await baton(["trace", candidateId, "-o", "json"])).stdout);
    const { spans, totalsMs } = told;
    const whole = spans.at(-1).endMs - spans[0].startMs;
    const sum = Object.values<number>(totalsMs).reduce((all, ms) => all + ms, 0);
    expect(sum).toBeCloseTo(whole, 1);
    const unknown = await baton(["trace", candidateId, "--run", "run-123456789abc"]);
    expect(unknown.code).toBe(4);
  });

  test("its artifacts are listed and fetched, but never over a file that is there", async () => {
    const listed = await baton(["artifacts", "list", candidateId]);
    expect(listed.stdout).toContain("gates/report.md  11 ");
    const fetching = ["artifacts", "get", candidateId, "gates/report.md", "-O", "report.md"];
    expect((await baton(fetching)).code).toBe(0);
    const file = join(on.folder.path, "report.md");
    expect(readFileSync(file, "utf8")).toBe(REPORT);
    expect((await baton(fetching)).code).toBe(6);
    expect((await baton([...fetching, "--force"])).code).toBe(0);
    const absent = await baton(["artifacts", "get", candidateId, "gates/none.md", "-O", "none.md"]);
    expect(absent.code).toBe(4);
    expect(existsSync(join(on.folder.path, "none.md"))).toBe(false);
  });

  test("is completed", async () => {
    const { stdout } = await baton(["explain", candidateId, "--json"]);
    const { candidateId: id, holder, reason } = JSON.parse(stdout);
    expect([id, holder, reason]).toEqual([candidateId, "closed", "COMPLETED"]);
  });
});
