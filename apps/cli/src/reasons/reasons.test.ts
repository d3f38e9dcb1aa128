/** `baton reasons` as a process, and where pages are looked for. */
import { join } from "node:path";

import { REASONS } from "@baton/contracts";
import { temporaryFolder } from "@baton/testkit";
import { afterAll, describe, expect, test } from "vitest";

import { baton } from "../testing/run-baton.ts";
import { pageCodes, readPage } from "./reason-pages.ts";
import { renderPage } from "./reasons.ts";
import { runbookOf } from "./runbook.ts";

const folder = temporaryFolder("reasons");
afterAll(() => folder.remove());

/** Writes the files that were loaded to standard error. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  const seen = new Set();
  registerHooks({ load(url, context, next) { seen.add(url); return next(url, context); } });
  process.on("exit", () => process.stderr.write([...seen].join("\\n")));
`)}`;

describe.concurrent("baton reasons", () => {
  test("lists every code with its meaning", async () => {
    const { code, stdout } = await baton(["reasons", "-o", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(
      Object.entries(REASONS).map(([name, text]) => ({
        code: name,
        ...text,
        runbook: `docs/reasons/${name}.md`,
      })),
    );
    expect((await baton(["reasons"])).stdout).toContain("PAUSED                 human");
  });

  test("CODE prints its page, with neither a server nor schemas, a YAML parser or a NATS client", async () => {
    const run = await baton(["reasons", "GATE_FAILED"], { nodeOptions: ["--import", WATCH] });
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^GATE_FAILED\n\n\*\*human\*\*: /);
    expect(run.stdout).toContain("npx baton artifacts get ID gates/gate-evaluation.md");
    expect(run.stderr).not.toMatch(/node_modules\/(zod|yaml|@nats-io)\/|libs\/(contracts|mesh)\//);
  });

  test("takes a code in small letters, and gives page and catalogue to programs", async () => {
    const { stdout } = await baton(["reasons", "no-workers", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      code: "NO_WORKERS",
      state: "human",
      file: "docs/reasons/NO_WORKERS.md",
      text: expect.stringContaining("## What to check"),
    });
  });

  test.each([
    ["GATE_FALED", "Did you mean GATE_FAILED?"],
    ["RETRIES", "Did you mean RETRIES_EXHAUSTED?"],
    ["../../README", "`baton reasons` lists those there are."],
    ["\u001b[2J", "`baton reasons` lists those there are."],
  ])("%j is E_NOT_FOUND (4), with what was probably meant", async (typed, action) => {
    const { code, stdout, stderr } = await baton(["reasons", typed]);
    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toContain("E_NOT_FOUND (4): there is no such reason code");
    expect(stderr).toContain(action);
    expect(stderr).not.toContain("\u001b");
  });

  test("a code where a candidate belongs is told apart", async () => {
    const { code, stderr } = await baton(["explain", "GATE_FAILED"]);
    expect(code).toBe(3);
    expect(stderr).toContain("`baton reasons GATE_FAILED` prints its page");
  });

  test("a runbook that is none is refused by name, its value not shown", async () => {
    const env = { BATON_RUNBOOK_URL: "https://u:hunter2@wiki.example/" };
    const { code, stderr } = await baton(["reasons"], { env });
    expect(code).toBe(3);
    expect(stderr).toContain("BATON_RUNBOOK_URL isn't the address of a runbook");
    expect(stderr).not.toContain("hunter2");
  });
});

test("pages that weren't installed are missed in words", () => {
  expect(() => pageCodes(join(folder.path, "none"))).toThrow("aren't installed here");
  expect(() => readPage("PAUSED", folder.path)).toThrow("there is no such reason code");
});

test("where to read on is the page, or the organisation's runbook with the code in it", () => {
  expect(runbookOf("PAUSED", {})).toBe("docs/reasons/PAUSED.md");
  const env = { BATON_RUNBOOK_URL: "https://wiki.example/baton/reasons/" };
  expect(runbookOf("PAUSED", env)).toBe("https://wiki.example/baton/reasons/PAUSED");
  const marked = { BATON_RUNBOOK_URL: "https://wiki.example/reasons#{reason}" };
  expect(runbookOf("PAUSED", marked)).toBe("https://wiki.example/reasons#PAUSED");
  expect(() => runbookOf("PAUSED", { BATON_RUNBOOK_URL: "ftp://wiki.example/" })).toThrow(
    "isn't the address of a runbook",
  );
});

test("a terminal is shown a link's text, not its address", () => {
  expect(renderPage("# A_CODE\n\nsee [B](B.md#x), `[c](d)`\n")).toBe("A_CODE\n\nsee B, `c`\n");
});
