/**
 * `npm test`: everything that is checked about this repository, on a bare machine, one step after the other. Every step runs
 * even if one before failed. What failed is named once more at the end, above the last line, which is
 * `N passed, N failed`: tests, and one for each other step.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

import { z } from "zod";

const root = join(import.meta.dirname, "../../..");
const folder = join(root, ".baton/test-results");
const VITEST = "vitest run --config libs/workspace/src/vitest-projects.ts --root .";
/** A line per file, and all results for the count. */
const REPORTS = "--reporter=default --reporter=json --outputFile.json=";

/** Of what a failed test said, so many lines are repeated at the end: its message and where it stood. */
const MOST_LINES_PER_TEST = 20;

/** A step; `tests` names the file with its results where it is a test run. */
interface Step {
  readonly name: string;
  readonly command: string;
  readonly tests?: string;
}

/** Whether this machine can have a sandbox; bubblewrap is fetched if it is missing. Where it can't the dry run does without, aloud. */
const SANDBOX = "node libs/testkit/src/prepare-sandbox.ts";

const STEPS: readonly Step[] = [
  { name: "formatting", command: "oxfmt --check" },
  // One process for all packages: a process each takes five times as long. The core's know nothing of Node.
  { name: "types of the core", command: "tsc -p tsconfig.core.json" },
  { name: "types", command: "tsc -p tsconfig.json" },
  { name: "lint", command: "oxlint --type-aware" },
  { name: "unused code", command: "knip" },
  {
    name: "tests",
    command: `${VITEST} ${REPORTS}${join(folder, "tests.json")}`,
    tests: "tests.json",
  },
  {
    name: "dry run",
    command: `${SANDBOX} || export BATON_SANDBOX=off; node test/dry-run/src/main.ts`,
  },
];

const Results = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()),
        }),
      ),
    }),
  ),
});

let passed = 0;
let failed = 0;
const failures: string[] = [];
// Off a terminal nobody wants escape codes.
const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: "1" };
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const step of STEPS) {
  say(`\n== ${step.name}: ${step.command.split(" --")[0]}`);
  const start = performance.now();
  const { status } = spawnSync(step.command, {
    cwd: root,
    env,
    shell: true,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const counted = step.tests === undefined ? undefined : readResults(step.tests);
  passed += counted?.numPassedTests ?? (status === 0 ? 1 : 0);
  // A run that ended badly without a failed test (a leak, an unhandled error) counts as one failure.
  failed += counted && counted.numFailedTests > 0 ? counted.numFailedTests : status === 0 ? 0 : 1;
  if (status !== 0) {
    failures.push(`${step.name}:`, ...(counted ? describeFailures(counted) : []));
  }
  say(
    `== ${step.name}: ${status === 0 ? "ok" : "FAILED"} after ${Math.round((performance.now() - start) / 1000)} s`,
  );
}
if (failures.length > 0) {
  say(`\n== what failed\n${failures.join("\n")}`);
}
say(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function readResults(file: string): z.infer<typeof Results> | undefined {
  try {
    return Results.parse(JSON.parse(readFileSync(join(folder, file), "utf8")));
  } catch {
    return undefined;
  }
}

/** The failed tests by file and name, and how each failed: the output of the steps after them would bury it. */
function describeFailures(results: z.infer<typeof Results>): string[] {
  return results.testResults
    .filter(({ status }) => status === "failed")
    .flatMap(({ name, message, assertionResults }) => {
      const tests = assertionResults.filter(({ status }) => status === "failed");
      return [
        `  ${relative(root, name)}${tests.length === 0 ? `: ${message}` : ""}`,
        ...tests.map(
          ({ fullName, failureMessages }) =>
            `    ${fullName}\n${failureMessages.join("\n").split("\n").slice(0, MOST_LINES_PER_TEST).join("\n")}`,
        ),
      ];
    });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
