/**
 * The strategy as it was built, really run: figures are computed with the quant library, so they only count for the built
 * strategy if both ask for the same weights on every row of every declared trial.
 *
 * S1: a strategy of the library's is made here from the templates and the dispatch. What lane B stored is somebody else's code: it is compared by
 *     digest, and nothing runs if it is another.
 * S2: even so it runs in the sandbox, once for all trials.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Parameters } from "@baton/artifacts";
import { Sha256 } from "@baton/contracts";
import { type StageContext, StageFailure } from "@baton/lanekit";
import { AUTHORED, findPlugin } from "@baton/quant";
import { endingInWords, pureNode, type Sandbox, type SandboxEnd } from "@baton/sandbox";
import { generatePlugin } from "@baton/templates";
import { z } from "zod";

import type { BacktestInput, ResearchBars } from "./backtest-input.ts";
import type { ResearchInputs } from "./research-inputs.ts";
import type { SourceChildInput } from "./source-child.ts";
import type { TargetsDigest } from "./targets-digest.ts";

/** Bounds of the process that runs a strategy; the stage's own deadline counts too. */
const LIMITS = {
  timeMs: 1_800_000,
  memoryBytes: 1536 * 2 ** 20,
  outputBytes: 16 * 2 ** 20,
} as const;
const HEAP_MIB = 1024;

/** The strategy's source, made from `templates` and the dispatch, or the authored one that it names. Throws a StageFailure (policy) if lane B stored another. */
export async function ownSource(
  context: StageContext,
  { research, plugin }: ResearchInputs,
  templates?: string,
): Promise<string> {
  const { candidateId } = context;
  if (plugin.plugin === AUTHORED) {
    // The dispatch names the submitted one by digest; what was written for it since is lane B's word.
    const source = await context.read("build/plugin-source.ts");
    const stored = createHash("sha256").update(source).digest("hex");
    const submitted = research.spec.strategy.authored?.source?.sha256;
    requireSame("source", plugin.sourceSha256, submitted ?? stored);
    requireSame("source", stored, plugin.sourceSha256);
    return new TextDecoder().decode(source);
  }
  const made = await generatePlugin({ candidateId, spec: research.spec }, templates);
  requireSame("source", plugin.sourceSha256, made.sourceSha256);
  requireSame("test", plugin.testSha256, made.testSha256);
  return made.source;
}

function requireSame(what: string, stored: string, made: string): void {
  if (stored === made) return;
  throw new StageFailure({
    class: "policy",
    code: "E_PLUGIN_FOREIGN",
    message: `lane B stored a strategy whose ${what} has SHA-256 ${stored}; by the dispatch it has ${made}. Nothing of it was run`,
    action:
      "Check that lanes B and C run the same version. If they do, find out who holds lane B's key, and change it.",
  });
}

/** Where and as part of what a strategy is run. */
export interface SourcePlace {
  readonly sandbox: Sandbox;
  readonly signal: AbortSignal;
}

const Line = z.union([
  z.strictObject({ name: z.string() }),
  z.strictObject({ rows: z.int().min(0), sha256: Sha256 }),
  z.strictObject({ targets: z.array(z.number().nullable()) }),
]);
type Line = z.infer<typeof Line>;

async function linesOf(
  source: string,
  input: SourceChildInput,
  place: SourcePlace,
): Promise<Line[]> {
  const { sandbox, signal } = place;
  const child = await readFile(join(import.meta.dirname, "source-child.ts"));
  const ended = await sandbox.run(
    {
      command: pureNode("child.ts", { heapMiB: HEAP_MIB }),
      files: { "strategy.ts": source, "child.ts": child, "input.json": JSON.stringify(input) },
      limits: LIMITS,
    },
    { signal },
  );
  signal.throwIfAborted();
  if (ended.ending.kind !== "exited" || ended.ending.code !== 0) throw brokenOff(ended);
  const lines = ended.stdout.split("\n").slice(0, -1).map(parsed);
  const known = z.array(Line).safeParse(lines);
  if (known.success) return known.data;
  throw failure("it said something else than its targets");
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Killed by time or by the system says nothing about the source; ended by itself, or by what it took, does. */
function brokenOff({ ending, stderr, tree }: SandboxEnd): StageFailure {
  if (ending.kind === "refused") return new StageFailure(ending.failure);
  if (ending.kind === "killed" || (ending.kind === "limit" && ending.limit === "time"))
    return new StageFailure({
      class: "transient",
      code: "E_PLUGIN_KILLED",
      message: `the built strategy ${endingInWords(ending)}`,
      action: "Look for other load on the machine.",
    });
  const said = stderr.replaceAll(`${tree}/`, "").split("\n");
  return failure(
    said.find((line) => /^\w*Error\b/.test(line))?.slice(0, 400) ?? `it ${endingInWords(ending)}`,
  );
}

function failure(why: string): StageFailure {
  return new StageFailure({
    class: "deterministic",
    code: "E_PLUGIN_SOURCE",
    message: `the built plugin failed: ${why}`,
    action: "Correct the plugin's template in lane B, then resume from candidate-build.",
  });
}

/** How many targets were compared; all of them were the same. */
export interface Compared {
  readonly compared: number;
}

/**
 * Runs the source on every trial and holds its targets against the library's. Throws a StageFailure: E_PLUGIN_SOURCE if it
 * can't be run, E_PLUGIN_DIFFERS with the first row if it asks for other weights.
 */
export async function compareTargets(
  source: string,
  of: { readonly input: BacktestInput; readonly expected: readonly TargetsDigest[] },
  place: SourcePlace,
): Promise<Compared> {
  const { input, expected } = of;
  const { grid, instruments } = input;
  const [head, ...told] = await linesOf(source, { grid, instruments }, place);
  if (head === undefined || !("name" in head) || head.name !== input.plugin)
    throw failure(`it doesn't call itself "${input.plugin}"`);
  const differing = expected.findIndex(({ rows, sha256 }, index) => {
    const line = told[index];
    return (
      line === undefined || !("sha256" in line) || line.rows !== rows || line.sha256 !== sha256
    );
  });
  if (told.length !== expected.length)
    throw failure(`it told ${told.length} of ${expected.length}`);
  if (differing !== -1) throw await differs(source, { input, pair: differing }, place);
  const compared = expected.reduce((sum, { rows }) => sum + rows, 0);
  if (compared === 0) throw failure("there was nothing to compare");
  return { compared };
}

/** The first pair that differs, row by row. */
async function differs(
  source: string,
  { input, pair }: { readonly input: BacktestInput; readonly pair: number },
  place: SourcePlace,
): Promise<StageFailure> {
  const { grid, instruments } = input;
  const parameters: Parameters = grid[Math.floor(pair / instruments.length)] ?? {};
  const rows: ResearchBars | undefined = instruments[pair % instruments.length];
  const lines = await linesOf(source, { grid, instruments, pair }, place);
  const [built = []] = lines.flatMap((line) => ("targets" in line ? [line.targets] : []));
  const [wanted = []] = findPlugin(input.plugin)
    .bind(parameters)
    .targets([rows?.bars ?? []]);
  const wrong = wanted.flatMap((target, row) => (built[row] === target ? [] : [row]));
  const [row = 0] = wrong;
  return new StageFailure({
    class: "deterministic",
    code: "E_PLUGIN_DIFFERS",
    message: `the built plugin's targets differ from the library's: ${rows?.instrument ?? "?"}, ${JSON.stringify(parameters)}, in ${wrong.length} of ${wanted.length} rows, first row ${row}: built ${String(built[row])}, expected ${wanted[row]}`,
    action: "Correct the plugin's template in lane B, then resume from candidate-build.",
  });
}
