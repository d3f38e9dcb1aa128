/** Runs a generated test for real, in the sandbox. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { StageFailure } from "@baton/lanekit";
import { endingInWords, pureNode, type Sandbox, type SandboxEnd } from "@baton/sandbox";
import { z } from "zod";

/** Bounds of a test. */
const LIMITS = { timeMs: 60_000, memoryBytes: 1024 * 2 ** 20, outputBytes: 2 ** 20 } as const;
const HEAP_MIB = 512;

/** One test's result as the reporter writes it. */
export const TestResult = z.strictObject({
  name: z.string(),
  result: z.enum(["pass", "fail"]),
  message: z.string().nullable(),
});
export type TestResult = z.infer<typeof TestResult>;

/** A test to run: its files by name, the entry among them. */
export interface TestRun {
  readonly sandbox: Sandbox;
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
  const ended = await run.sandbox.run(
    {
      command: pureNode(run.entry, {
        heapMiB: HEAP_MIB,
        reads: [`${library.folder}/`],
        nodeArgs: [`--test-reporter=./${run.reporter}`],
      }),
      files: run.files,
      folders: { "node_modules/trading-signals": library.folder },
      limits: LIMITS,
    },
    { signal: run.signal },
  );
  return resultsOf(run, ended);
}

function stopped(): StageFailure {
  return new StageFailure({
    class: "transient",
    code: "E_STOPPED",
    message: "the generated test was stopped because the stage was",
    action: "Nothing: the stage runs again.",
  });
}

function killed(how: string): StageFailure {
  return new StageFailure({
    class: "transient",
    code: "E_PLUGIN_TEST_KILLED",
    message: `the generated test ${how}`,
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

function failureOf({ ending, stderr, tree }: SandboxEnd): StageFailure {
  if (ending.kind === "aborted") return stopped();
  if (ending.kind === "refused") return new StageFailure(ending.failure);
  // Killed by time or by the system says nothing about the source.
  if (ending.kind === "killed" || (ending.kind === "limit" && ending.limit === "time"))
    return killed(endingInWords(ending));
  if (ending.kind === "limit") return brokenOff(`it ${endingInWords(ending)}`);
  const lines = stderr.replaceAll(`${tree}/`, "").split("\n");
  const said = lines.filter((line) => line.trim() !== "" && !line.startsWith("    at "));
  return brokenOff(said.join("\n").slice(0, 400) || "it said nothing");
}

function resultsOf(run: TestRun, ended: SandboxEnd): TestResult[] {
  const lines = ended.stdout.split("\n").filter((line) => line.startsWith("{"));
  const results = z.array(TestResult).safeParse(lines.map(parsed));
  const complete = results.success && results.data.length === run.expectedTests;
  if (!complete) throw failureOf(ended);
  const failed = results.data.some(({ result }) => result === "fail");
  // Neither a pass with a bad exit nor a failure with a good one is believed.
  const isWell = ended.ending.kind === "exited" && ended.ending.code === 0;
  if (failed === isWell) throw failureOf(ended);
  return results.data;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
