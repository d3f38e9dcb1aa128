/** One decision about many candidates, ids by their beginnings, and what a duplicate is told, on a mesh of real processes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { onlyOne } from "@baton/client";
import { Receipt } from "@baton/contracts";
import { sha256Of } from "@baton/mesh";
import { candidateIdOf } from "@baton/playbook";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type CliMesh, startCliMesh } from "../testing/cli-mesh.ts";
import { baton as run, type Ended, type RunOptions } from "../testing/run-baton.ts";

let on: CliMesh;
const baton = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  run(args, { server: on.url, cwd: on.folder.path, ...options });

beforeAll(async () => {
  on = await startCliMesh();
}, 60_000);
afterAll(() => on.stop(), 30_000);

/** Candidates that wait for an approval at bench-1. */
async function waiting(...names: readonly string[]): Promise<string[]> {
  for (const name of names) writeFileSync(join(on.folder.path, `${name}.yaml`), `name: ${name}\n`);
  const { code } = await baton(["submit", "--unchecked", ...names.map((name) => `${name}.yaml`)]);
  expect(code).toBe(0);
  const ids = names.map((name) => candidateIdOf({ name }));
  for (const id of ids) await on.standsAt(id, "review", "bench-1");
  return ids;
}

async function reasonOf(id: string): Promise<string | undefined> {
  return (await on.mesh.journal.last(id))?.entry.reason;
}

describe("an approval", () => {
  const words = ["--why", "read it", "--yes", "--as"];

  test("by the author is refused before anything is shown", async () => {
    const [id = ""] = await waiting("known-1");
    const author = (await on.mesh.journal.last(id))?.entry.author ?? "";
    const { code, stderr } = await baton(["approve", id, ...words, author]);
    expect([code, stderr]).toEqual([
      9,
      `E_DENIED (9): ${author} submitted ${id} and can't approve it\n  do:    It needs 1 other.\n`,
    ]);
    await baton(["cancel", id, "--why", "x", "--as", "eve"]);
  });

  test("by --yes gets one line instead of the table; a second one isn't asked for", async () => {
    const [id = ""] = await waiting("known-2");
    const { code, stderr } = await baton(["approve", id, ...words, "ada"]);
    expect(code).toBe(0);
    const shown = stderr.split("\n").filter((line) => !line.startsWith("to mesh-"));
    expect(shown).toEqual([
      expect.stringMatching(/^cand-\w+ to bench-2 on evidence [0-9a-f]{64}: \d+ artifacts, /),
      "",
    ]);
    const again = await baton(["approve", id, ...words, "ann"]);
    expect(again.code).toBe(6);
    expect(again.stderr).toMatch(/^E_CONFLICT \(6\): cand-\w+ doesn't wait for an approval/);
    await baton(["cancel", id, "--why", "x", "--as", "eve"]);
  });
});

describe("several candidates by name", () => {
  test("each gets its receipt, one that is refused doesn't hold up the others", async () => {
    const [first = "", second = ""] = await waiting("many-1", "many-2");
    const why = ["--why", "superseded", "--as", "eve"];
    const { code, stdout } = await baton(["cancel", first, "cand-000000000000", second, ...why]);
    // Nothing is sent where one of the names is nobody's.
    expect([code, stdout]).toEqual([4, ""]);
    expect(await reasonOf(first)).toBe("APPROVAL_REQUIRED");
    await baton(["cancel", first, ...why]);
    const mixed = await baton(["cancel", first, second, ...why, "--json"]);
    expect(mixed.code).toBe(6);
    expect(JSON.parse(mixed.stdout)).toMatchObject([
      { candidateId: first, error: { code: "E_CONFLICT", exit: 6 } },
      { candidateId: second, outcome: { kind: "accepted", duplicate: false } },
    ]);
    expect(await reasonOf(second)).toBe("CANCELLED");
  });

  test("by filter, with how many there shall be", async () => {
    const ids = await waiting("many-3", "many-4");
    const filter = ["--reason", "approval_required", "--stage", "bench-1"];
    const words = ["--why", "one outage", "--as", "eve"];
    const wrong = await baton(["send-back", ...filter, ...words, "--count", "3"]);
    expect(wrong.code).toBe(6);
    expect(wrong.stderr).toContain("E_CONFLICT (6): 2 candidates fit, not 3; nothing was sent");
    const right = await baton(["reject", ...filter, ...words, "--count", "2"]);
    expect(right.code).toBe(0);
    expect(await Promise.all(ids.map(reasonOf))).toEqual(["REJECTED", "REJECTED"]);
    const none = await baton(["reject", ...filter, ...words, "--count", "1"]);
    expect(none.code).toBe(6);
    expect(none.stderr).toContain("0 candidates fit, not 1");
    const meant = await baton(["reject", "--stage", "bench-11", ...words, "--count", "1"]);
    expect(meant.code).toBe(6);
    expect(meant.stderr).toContain("did you mean bench-1?");
  });

  test.each([
    [["cancel"], "no candidate is named"],
    [["cancel", "cand-1", "--reason", "PAUSED"], "can't be given together"],
    [["cancel", "--reason", "PAUSED"], "this isn't a terminal"],
    [["cancel", "cand-1", "--count", "1"], "--count belongs to filters"],
    [
      ["approve", "cand-1", "cand-2", "--yes", "--evidence", "0".repeat(64)],
      "one candidate's digest",
    ],
  ])("%j is refused before anything is sent (2)", async (args, message) => {
    const { code, stderr } = await baton([...args, "--why", "x"]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("the beginning of an id", () => {
  test("stands for the only one that begins so, where something is shown or decided", async () => {
    const [id = ""] = await waiting("begins");
    const short = id.slice(0, -2);
    const shown = await baton(["describe", short, "--json"]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ candidateId: id });
    for (const verb of ["explain", "trace"]) expect((await baton([verb, short])).code).toBe(0);
    expect((await baton(["artifacts", "list", short])).code).toBe(0);
    const cancelled = await baton(["cancel", short, "--why", "done", "--json"]);
    expect(Receipt.parse(JSON.parse(cancelled.stdout)).candidateId).toBe(id);
  });

  test("that several have is a conflict, that nobody has isn't found", () => {
    const ids = ["cand-aa1111111111", "cand-aa2222222222", "cand-aa"];
    expect(onlyOne("cand-aa1", ids)).toBe("cand-aa1111111111");
    expect(() => onlyOne("cand-aa", ids)).toThrow(
      "3 candidates begin so: cand-aa, cand-aa1111111111, cand-aa2222222222",
    );
    expect(() => onlyOne("cand-b", ids)).toThrow("no candidate cand-b is known");
  });

  test("of fewer than four characters isn't taken", async () => {
    const { code, stderr } = await baton(["describe", "can"]);
    expect(code).toBe(3);
    expect(stderr).toContain("candidateId isn't valid");
  });
});

describe("the same specification again", () => {
  test("after a cancellation says who cancelled it and how to run it again, and isn't a success", async () => {
    const [id = ""] = await waiting("again");
    const running = await baton(["submit", "--unchecked", "again.yaml"]);
    expect(running.code).toBe(0);
    expect(running.stdout).toContain("It stands at bench-1 with review since ");
    await baton(["cancel", id, "--why", "wrong universe", "--as", "eve"]);
    const again = await baton(["submit", "--unchecked", "again.yaml"]);
    expect(again.code).toBe(6);
    expect(again.stdout).toContain(", CANCELLED by eve: wrong universe.");
    expect(again.stdout).toContain("`baton submit FILE --id ID`");
    const anew = await baton(["submit", "--unchecked", "again.yaml", "--id", "cand-again-2"]);
    expect(anew.code).toBe(0);
  });
});

describe("several files", () => {
  test("each has its outcome: of a wrong one nothing is stored, a refused one doesn't hold up the others", async () => {
    const trend = readFileSync(
      join(import.meta.dirname, "../../../../examples/candidates/trend.yaml"),
      "utf8",
    );
    const specs = {
      "wrong.yaml": trend
        .replace("costBps", "costsBps")
        .replace("instrument: NDX", "instrument: MINE\n    csv: { path: wrong.csv }"),
      "first.yaml": trend.replace("seed: 1", "seed: 2"),
      "last.yaml": trend.replace("seed: 1", "seed: 3"),
    };
    const prices = "date,open,high,low,close\n2020-01-01,1,1,1,x\n";
    for (const [name, text] of Object.entries({ ...specs, "wrong.csv": prices }))
      writeFileSync(join(on.folder.path, name), text);
    const { code, stdout } = await baton(["submit", ...Object.keys(specs), "--json"]);
    expect(code).toBe(3);
    const outcomes: unknown = JSON.parse(stdout);
    expect(outcomes).toMatchObject([
      {
        file: "wrong.yaml",
        error: {
          code: "E_INVALID",
          faults: [{ where: "costsBps" }, { where: "wrong.csv line 2, column 5 (close)" }],
        },
      },
      { file: "first.yaml", outcome: { kind: "accepted", duplicate: false } },
      { file: "last.yaml", outcome: { kind: "accepted", duplicate: false } },
    ]);
    const sha256 = sha256Of(new TextEncoder().encode(prices));
    expect((await baton(["artifacts", "get", "--sha256", sha256])).code).toBe(4);
  });
});
