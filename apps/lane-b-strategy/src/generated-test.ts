/** Runs a generated test for real, in a process of its own that is confined to the test's own folder. */
import { readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

import { type ConfinedEnd, runConfined, StageFailure } from "@baton/lanekit";
import { z } from "zod";

/** Longest run of a test in milliseconds, its heap in MiB, and the most bytes that it may write. */
const TEST_RUN_LIMITS = {
  timeoutMs: 60_000,
  heapMiB: 512,
  outputBytes: 1024 * 1024,
} as const;

/** One test's result as the reporter writes it. */
export const TestResult = z.strictObject({
  name: z.string(),
  result: z.enum(["pass", "fail"]),
  message: z.string().nullable(),
});
export type TestResult = z.infer<typeof TestResult>;

/** A test to run: its files by name, the entry among them. */
export interface TestRun {
  readonly scratchDir: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly entry: string;
  readonly reporter: string;
  /** How many tests there must be: fewer means that it broke off. */
  readonly expectedTests: number;
  readonly signal: AbortSignal;
}

/** The library of the second opinion: its folder, and `name@version`. */
export async function secondOpinionLibrary(): Promise<{ folder: string; version: string }> {
  const folder = dirname(dirname(fileURLToPath(import.meta.resolve("trading-signals"))));
  const text = await readFile(join(folder, "package.json"), "utf8");
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(text));
  return { folder, version: `trading-signals@${version}` };
}

/** Runs the test and gives its results. Throws a StageFailure if it can't be run to its end. */
export async function runGeneratedTest(run: TestRun): Promise<TestResult[]> {
  const library = await secondOpinionLibrary();
  const ended = await runConfined({
    scratchDir: run.scratchDir,
    files: run.files,
    entry: run.entry,
    nodeArgs: [`--test-reporter=./${run.reporter}`],
    packages: { "trading-signals": library.folder },
    signal: run.signal,
    ...TEST_RUN_LIMITS,
  });
  return resultsOf(run, ended);
}

/** How a child process ended, from the error that says so. */
const Ending = z.object({
  code: z.union([z.number(), z.string()]).nullish(),
  signal: z.string().nullish(),
});

function stopped(): StageFailure {
  return new StageFailure({
    class: "transient",
    code: "E_STOPPED",
    message: "the generated test was stopped because the stage was",
    action: "Nothing: the stage runs again.",
  });
}

function killed(by: string): StageFailure {
  const { timeoutMs, heapMiB } = TEST_RUN_LIMITS;
  return new StageFailure({
    class: "transient",
    code: "E_PLUGIN_TEST_KILLED",
    message: `the generated test was killed (${by}); it may take ${timeoutMs / 1000} s and ${heapMiB} MiB`,
    action: "Look for other load on the machine.",
  });
}

function brokenOff(why: string): StageFailure {
  return new StageFailure({
    class: "deterministic",
    code: "E_PLUGIN_TEST",
    message: `the generated test broke off: ${why}`,
    action: "Correct the strategy's template in lane B, deploy it, then resume.",
  });
}

function failureOf(run: TestRun, { stderr, error, folder }: ConfinedEnd): StageFailure {
  if (run.signal.aborted) return stopped();
  const ending = Ending.catch({}).parse(error);
  if (ending.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER")
    return brokenOff(`more than ${TEST_RUN_LIMITS.outputBytes} bytes of output`);
  if (typeof ending.signal === "string") return killed(ending.signal);
  // The folder has another name on every run.
  const lines = stderr.replaceAll(`${folder}${sep}`, "").split("\n");
  const said = lines.filter((line) => line.trim() !== "" && !line.startsWith("    at "));
  return brokenOff(said.join("\n").slice(0, 400) || "it said nothing");
}

function resultsOf(run: TestRun, ended: ConfinedEnd): TestResult[] {
  const lines = ended.stdout.split("\n").filter((line) => line.startsWith("{"));
  const results = z.array(TestResult).safeParse(lines.map(parsed));
  const complete = results.success && results.data.length === run.expectedTests;
  if (!complete) throw failureOf(run, ended);
  const failed = results.data.some(({ result }) => result === "fail");
  // Neither a pass with a bad exit nor a failure with a good one is believed.
  if (failed === (ended.error === null)) throw failureOf(run, ended);
  return results.data;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
