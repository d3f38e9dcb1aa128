/** The whole mesh, nine candidates, a check from outside; exit code 0 only if all is as it should be. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openAuditKey, verifyAuditPack } from "@baton/audit";
import { localKeyFile, meshDirectory, openSession, POINTER, readKeyFile } from "@baton/client";
import {
  checkOutside,
  describeEvent,
  ensurePeople,
  interrupted,
  makeFolders,
  type MeshChoices,
  ROOT,
  type RunningMesh,
  startMesh,
} from "@baton/local-mesh";
import type { SandboxSetting } from "@baton/sandbox";
import {
  type Format,
  note,
  stopSignal,
  type StopSignal,
  terminalWidth,
  write,
} from "@baton/terminal";
import { readYaml } from "@baton/text";
import { UserError, EXIT } from "@baton/text/user-error";
import { otlpEnvironment, type TracingUi } from "@baton/tracing-ui";
import { z } from "zod";

import { AUTHOR, ON_CALL, type Played, REVIEWERS } from "./acts.ts";
import { captureWire } from "./capture-wire.ts";
import { codeDigest } from "./code-digest.ts";
import { compareWithEarlier, artifactDigests } from "./compare-runs.ts";
import { type DryRunFolder, newRunFolder } from "./dry-run-folder.ts";
import { entrySizesOf } from "./entry-sizes.ts";
import { auditPackOf, type Evidence, gatherEvidence, writeEvidence } from "./gather-evidence.ts";
import { handoffsOf } from "./handoffs.ts";
import { openBoard } from "./journal-board.ts";
import { judge } from "./judge.ts";
import { type LiveView, openView } from "./live-view.ts";
import { play } from "./play.ts";
import { renderSummary } from "./render-summary.ts";
import { loadStories, type Story } from "./stories.ts";
import { DEMO_SETTINGS, differencesOf, type Summary } from "./summary.ts";
import { linkTo, openTraces, QUICK } from "./traces.ts";

/** Options as they were given. */
export interface DryRunOptions {
  readonly keepRunning?: boolean;
  readonly traces?: boolean;
  readonly seed?: string;
  readonly data: string | undefined;
  readonly sandbox: SandboxSetting;
  readonly format: Format;
}

/** Longest time that the stories may take. */
const PLAY_WITHIN_MS = 150_000;
const PLAYBOOK = join(ROOT, "playbooks/baton.yaml");
/** Not one of the CLI's own: everything worked, but what was seen isn't what should be. */
const DIFFERS = 1;

/** Runs it; sets the exit code 1 if something differs. */
export async function runDryRun(options: DryRunOptions): Promise<void> {
  const started = new Date();
  const seed = options.seed === undefined ? undefined : seedFrom(options.seed);
  const stories = loadStories(seed);
  const folder = newRunFolder({ data: options.data, seed, now: started });
  using stopping = stopSignal();
  const json = options.format !== "table";
  const clock = stopwatch();
  using view = openView(stories, stagesOf(PLAYBOOK), { silent: json });
  view.phase(`starting the mesh in ${folder.path}`);
  view.tell("mesh", settingsInWords());
  const code = codeDigest();
  const ui = await openTraces(options.traces === true, {
    folder: folder.path,
    signal: stopping.signal,
    log: (line) => view.tell("mesh", line),
  });
  const goesOn = options.keepRunning === true || ui !== undefined;
  const choices = choicesFor(folder, options.sandbox, ui);
  makeFolders(choices.directory, []);
  ensurePeople(choices.directory, [AUTHOR, ...REVIEWERS, ON_CALL]);
  const mesh = await startMesh(choices, {
    signal: stopping.signal,
    log: note,
    onEvent: (event) => {
      if (event.kind === "ended" && !stopping.signal.aborted)
        view.tell("mesh", describeEvent(event));
    },
    ...(goesOn && { pointer: POINTER }),
  });
  try {
    const run = { mesh, stories, folder, seed, started, code, choices, clock, view, stopping, ui };
    const { summary, first } = await playAndCheck(run);
    view[Symbol.dispose]();
    await (json
      ? write(`${JSON.stringify(summary, null, 2)}\n`)
      : write(renderSummary(summary, first, terminalWidth())));
    if (!summary.ok) process.exitCode = DIFFERS;
    if (goesOn) await keepRunning(mesh, stopping);
  } finally {
    await mesh.stop();
    await ui?.stop();
  }
}

interface Run {
  readonly mesh: RunningMesh;
  readonly stories: readonly Story[];
  readonly folder: DryRunFolder;
  readonly seed: number | undefined;
  readonly started: Date;
  /** Digest of the code that the services were started with. */
  readonly code: string;
  readonly choices: MeshChoices;
  readonly clock: () => number;
  readonly view: LiveView;
  readonly stopping: StopSignal;
  readonly ui: TracingUi | undefined;
}

async function playAndCheck(run: Run): Promise<{ summary: Summary; first: Evidence | undefined }> {
  const { mesh, stories, folder, view, stopping, clock } = run;
  const start = clock();
  view.phase("playing");
  await using session = await openSession(
    {
      server: mesh.natsUrl,
      seedFile: run.choices.directory.seedOf("cli"),
      mesh: mesh.state().mesh,
    },
    note,
  );
  const over = new AbortController();
  const signal = AbortSignal.any([
    stopping.signal,
    over.signal,
    AbortSignal.timeout(PLAY_WITHIN_MS),
  ]);
  const board = openBoard(session, { signal, onEntry: (timed) => view.entry(timed) });
  const keyOf = (name: string) => readKeyFile(localKeyFile(run.choices.directory.root, name));
  const played = await play(stories, { session, mesh, keyOf, board, signal, tell: view.tell });
  over.abort();
  if (stopping.signal.aborted) throw interrupted("in the middle of the dry run");
  const playedAt = clock();
  view.phase("checking");
  const evidence = await gatherEvidence(session, stories);
  writeEvidence(folder.path, evidence);
  await captureWire(session, folder.path);
  const summary = await summarize(run, played, evidence, { start, play: playedAt - start });
  return { summary, first: evidence.get("trend") };
}

async function summarize(
  run: Run,
  played: Played,
  evidence: Awaited<ReturnType<typeof gatherEvidence>>,
  seconds: { start: number; play: number },
): Promise<Summary> {
  const { mesh, stories, folder, choices, clock, code } = run;
  const pack = auditPackOf(evidence.get("trend"));
  const { pem } = openAuditKey(choices.directory.auditKey);
  const verified = pack && (await verifyAuditPack(pack, { publicKey: pem }));
  const verdicts = judge(stories, { played, evidence, pack: verified });
  const invariants = await checkOutside({
    natsUrl: mesh.natsUrl,
    directory: choices.directory,
    playbook: choices.playbook,
    receipts: played.receipts.map(({ receipt }) => receipt),
    settled: true,
    inputFile: join(folder.path, "invariants-input.json"),
  });
  const seed = run.seed ?? null;
  const artifacts = artifactDigests(evidence);
  const comparison = compareWithEarlier(folder, { seed, code, artifacts });
  const entries = entrySizesOf(evidence.values());
  const differences = differencesOf({ stories: verdicts, invariants, entries, comparison });
  const all = clock();
  const summary: Summary = {
    v: 1,
    ok: differences.length === 0,
    startedAt: run.started.toISOString(),
    seed,
    folder: folder.path,
    syncAlways: choices.syncAlways,
    settings: DEMO_SETTINGS,
    seconds: { ...seconds, check: all - seconds.start - seconds.play, all },
    stories: verdicts,
    kill: played.kill ?? null,
    handoffs: handoffsOf(evidence.values(), played.kill),
    entries,
    invariants,
    differences,
    code,
    comparison,
    artifacts,
    trace: linkTo(run.ui, evidence.get("trend")),
  };
  writeFileSync(join(folder.path, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

function choicesFor(
  folder: DryRunFolder,
  sandbox: SandboxSetting,
  ui: TracingUi | undefined,
): MeshChoices {
  const retry = { BATON_RETRY_SCALE: String(DEMO_SETTINGS.retryScale), BATON_RETRY_JITTER: "0" };
  const directory = meshDirectory(join(folder.path, "mesh"));
  return {
    directory,
    playbook: PLAYBOOK,
    people: directory.people,
    natsPort: 0,
    httpPort: 0,
    syncAlways: true,
    drills: true,
    sandbox,
    traceLink: ui?.link,
    env: {
      ...(ui && otlpEnvironment(ui)),
      ...retry,
      BATON_ACK_WAIT_MS: String(DEMO_SETTINGS.ackWaitMs),
    },
    envOf: {
      ...(ui && { metrics: QUICK }),
      // One at a time, so that the kill hits the one candidate that it's meant for.
      "lane-c": { BATON_LANE_CAPACITY: "1" },
      "paper-engine": { BATON_ENGINE_POLL_MS: "100" },
      escalation: {
        BATON_REMINDER_EVERY_MS: String(DEMO_SETTINGS.reminderEveryMs),
        BATON_REVIEW_CHECK_MS: "200",
      },
    },
  };
}

function settingsInWords(): string {
  const { retryScale, ackWaitMs, reminderEveryMs } = DEMO_SETTINGS;
  return `for the demonstration retry delays are scaled by ${retryScale}, a silent lane's work is given out again after ${ackWaitMs / 1000} s, and people are reminded after ${reminderEveryMs / 1000} s`;
}

async function keepRunning(mesh: RunningMesh, stopping: StopSignal): Promise<void> {
  note(`the mesh goes on at ${mesh.natsUrl} until Ctrl-C; other \`baton\` commands find it`);
  await stopping.given;
}

const Stages = z.object({
  stages: z.array(z.object({ stage: z.string(), pass: z.string().nullish() })),
});

/** The stages of a candidate that goes all the way, in order. */
function stagesOf(playbook: string): string[] {
  const { stages } = Stages.parse(
    readYaml(readFileSync(playbook, "utf8"), { maxCharacters: 1_000_000 }),
  );
  const next = new Map(stages.map(({ stage, pass }) => [stage, pass ?? undefined]));
  const way: string[] = [];
  for (let at = stages[0]?.stage; at !== undefined && !way.includes(at); at = next.get(at))
    way.push(at);
  return way;
}

/** Seconds since it was made. */
function stopwatch(): () => number {
  // From the process's own start: loading the program is part of what a person waits for.
  return () => performance.now() / 1000;
}

const MAX_SEED = 2 ** 31 - 1;

function seedFrom(text: string): number {
  const seed = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (seed <= MAX_SEED) return seed;
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "--seed isn't a seed",
    value: text,
    rule: `a whole number from 0 to ${MAX_SEED}`,
    action: "Correct --seed, or leave it out.",
  });
}
