/**
 * A whole dry run in a tracing UI, with its killed lane; then every service is killed in the middle of a human wait. What is looked
 * at is what the UI took.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { localKeyFile, MeshState } from "@baton/client";
import { ROOT } from "@baton/local-mesh";
import { eventually, temporaryFolder } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { REVIEWERS } from "./acts.ts";

const PLAY_MS = 280_000;
const WITHIN_MS = 60_000;

const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  duration: z.number(),
  status: z.object({ code: z.string() }),
  attributes: z.record(z.string(), z.unknown()),
  links: z.array(z.object({ attributes: z.record(z.string(), z.unknown()).optional() })),
});
type Span = z.infer<typeof Span>;
const Taken = z.object({
  traces: z.array(z.object({ traceId: z.string(), spans: z.array(Span) })),
});
const Printed = z.object({
  ok: z.boolean(),
  trace: z.string(),
  differences: z.array(z.string()),
  stories: z.array(z.object({ name: z.string(), candidateId: z.string() })),
});

let child: ChildProcess;
let folder: ReturnType<typeof temporaryFolder>;
let printed: z.infer<typeof Printed>;

beforeAll(async () => {
  folder = temporaryFolder("traced-dry-run");
  const args = [join(import.meta.dirname, "main.ts"), "--traces", "--json"];
  child = spawn(process.execPath, [...args, "--data", join(folder.path, "run")], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const whole = await eventually(() => (text.trimEnd().endsWith("\n}") ? text : undefined), {
    what: "the dry run prints its summary",
    withinMs: PLAY_MS,
  });
  printed = Printed.parse(JSON.parse(whole));
}, PLAY_MS);

afterAll(async () => {
  child.kill("SIGTERM");
  if (child.exitCode === null) await once(child, "exit");
  folder.remove();
}, WITHIN_MS);

async function traces(): Promise<z.infer<typeof Taken>["traces"]> {
  const response = await fetch(new URL("/v1/traces", printed.trace));
  return Taken.parse(await response.json()).traces;
}

/** An attribute that is a text, or empty. */
function said({ attributes }: Span, key: string): string {
  const value = attributes[key];
  return typeof value === "string" ? value : "";
}

const isRoot = ({ parentSpanId }: Span): boolean => (parentSpanId ?? "") === "";
const candidateOf = (name: string): string =>
  printed.stories.find((story) => story.name === name)?.candidateId ?? "";

/** The traces of the candidate's runs that are over, once there are so many. */
async function finished(name: string, count: number): Promise<Span[][]> {
  return eventually(
    async () => {
      const found = (await traces()).filter(({ spans }) =>
        spans.some(
          (span) => isRoot(span) && said(span, "baton.candidate_id") === candidateOf(name),
        ),
      );
      return found.length === count ? found.map(({ spans }) => spans) : undefined;
    },
    { what: `${count} runs of ${name} are over`, withinMs: WITHIN_MS },
  );
}

/** The runs that the journals in a folder tell of. */
function runsOf(journals: string): Set<string> {
  const ids = readdirSync(journals).flatMap((file) =>
    Array.from(
      readFileSync(join(journals, file), "utf8").matchAll(/"runId": ?"(run-[0-9a-f]+)"/g),
      ([, id = ""]) => id,
    ),
  );
  return new Set(ids);
}

/** What is wrong with a trace of a run that is over. */
function faultsOf(spans: readonly Span[]): string[] {
  const roots = spans.filter(isRoot);
  const [root] = roots;
  if (!root || roots.length > 1) return [`${roots.length} roots`];
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const segments = spans.filter((span) => said(span, "baton.segment") !== "");
  const sum = segments.reduce((all, { duration }) => all + duration, 0);
  const orphans = spans.filter((span) => !isRoot(span) && !ids.has(span.parentSpanId ?? ""));
  return [
    ...orphans.map(({ name }) => `${name} is an orphan`),
    ...spans.filter(({ duration }) => duration < 0).map(({ name }) => `${name} is negative`),
    ...(Math.abs(sum - root.duration) <= root.duration / 100
      ? []
      : [`segments take ${sum} of ${root.duration} ms`]),
  ];
}

const NAMES =
  /^(?:run|run so far|queue|retry|attempt|work|decide|verify|append|command|step|stage [a-z-]+|wait [A-Z_]+)$/;

test(
  "a trace for each run, of one root each, without orphans, its segments as long as the run",
  async () => {
    expect(printed.differences).toEqual([]);
    const runs = runsOf(join(folder.path, "run/journals"));
    // Those that wait for a person are there as well: all runs, and nothing else.
    const all = await eventually(
      async () => {
        const found = await traces();
        return found.length < runs.size ? undefined : found;
      },
      { what: "a trace for each run", withinMs: WITHIN_MS },
    );
    expect(all).toHaveLength(runs.size);
    for (const name of ["trend", "incident", "curve-fitted", "flaky-source", "interrupted"])
      await finished(name, 1);
    const over = (await traces()).filter(({ spans }) => spans.some(isRoot));
    expect(over.flatMap(({ spans }) => faultsOf(spans))).toEqual([]);
    const names = new Set(all.flatMap(({ spans }) => spans.map(({ name }) => name)));
    expect([...names].filter((name) => !NAMES.test(name))).toEqual([]);
  },
  PLAY_MS,
);

test(
  "what failed is red, with its class; what passed isn't",
  async () => {
    const [curveFitted = []] = await finished("curve-fitted", 1);
    const red = (spans: readonly Span[]): string[] =>
      spans
        .filter(({ status }) => status.code === "ERROR")
        .map((span) => `${span.name} ${said(span, "error.type")}`)
        .toSorted();
    expect(red(curveFitted)).toEqual([
      "attempt GATE_FAILED",
      "run GATE_FAILED",
      "stage gate-evaluation GATE_FAILED",
    ]);
    const [flaky = []] = await finished("flaky-source", 1);
    expect(red(flaky)).toEqual(["attempt transient", "attempt transient"]);
    const [trend = []] = await finished("trend", 1);
    expect(red(trend)).toEqual([]);
    const waiting = (await traces()).filter(({ spans }) => !spans.some(isRoot));
    expect(waiting.flatMap(({ spans }) => red(spans))).toEqual(
      expect.arrayContaining(["run so far spec", "run so far GATE_FAILED"]),
    );
  },
  WITHIN_MS,
);

test(
  "the attempt that died with its lane is there, and the one that followed links to it",
  async () => {
    const [spans = []] = await finished("interrupted", 1);
    const attempts = spans.filter(
      (span) => span.name === "attempt" && said(span, "baton.lane") === "lane-c",
    );
    expect(attempts.map((span) => said(span, "error.type"))).toContain("unanswered");
    const links = attempts.flatMap((span) => span.links.map(({ attributes }) => attributes));
    expect(links).toContainEqual({ "baton.link": "first delivery" });
    const steps = spans.filter(({ name }) => name === "step");
    expect(steps.length).toBeGreaterThan(5);
  },
  WITHIN_MS,
);

test(
  "a wait for a person is one span, also when every service is killed in its middle",
  async () => {
    const root = join(folder.path, "run/mesh");
    const state = (): MeshState =>
      MeshState.parse(JSON.parse(readFileSync(join(root, "up.json"), "utf8")));
    const before = state();
    const services = Object.entries(before.pids).filter(([name]) => name !== "nats-server");
    const killedMs = Date.now();
    for (const [, pid] of services) process.kill(pid, "SIGKILL");
    const isReady = (name: string): boolean => {
      const readyAt = state().runs?.[name]?.readyAt ?? null;
      return readyAt !== null && Date.parse(readyAt) > killedMs;
    };
    await eventually(() => services.every(([name]) => isReady(name)), {
      what: "all services are back",
      withinMs: WITHIN_MS,
    });
    const baton = [join(ROOT, "apps/cli/src/main.ts"), "--data", root];
    const cancel = ["cancel", candidateOf("curve-fitted"), "--why", "seen"];
    const run = spawn(process.execPath, [...baton, ...cancel], {
      cwd: ROOT,
      stdio: "inherit",
      env: { ...process.env, BATON_KEY_FILE: localKeyFile(root, REVIEWERS[0]) },
    });
    expect(await once(run, "exit")).toEqual([0, null]);
    const both = await finished("curve-fitted", 2);
    expect(both.flatMap(faultsOf)).toEqual([]);
    const waits = both.flatMap((spans) => spans.filter(({ name }) => name === "wait GATE_FAILED"));
    expect(waits).toHaveLength(1);
    expect(waits[0]?.attributes).toMatchObject({
      "baton.answer": "cancel",
      "error.type": "GATE_FAILED",
    });
    const roots = both.map((spans) => spans.find(isRoot));
    expect(roots.map((span) => span && said(span, "cicd.pipeline.result"))).toEqual([
      "failure",
      "failure",
    ]);
  },
  PLAY_MS,
);
