/** One run of an agent's program in the sandbox: its events as they come, its output on disk, its calls on record. */
import { randomUUID } from "node:crypto";
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

import type { Assignment, SpentBudget } from "@baton/contracts";
import {
  type Budget,
  type CallFact,
  FORWARDER,
  type Gateway,
  type OpenAttempt,
  type Reached,
} from "@baton/model-gateway";
import type { Sandbox, SandboxEnd, SandboxPlan } from "@baton/sandbox";

import { type Adapter, RESULT_SCHEMA, RESULT_SCHEMA_FILE, type Told } from "./adapter.ts";
import type { Program } from "./program-of.ts";
import { readEvents } from "./read-events.ts";

export interface ProgramRun {
  readonly program: Program;
  readonly assignment: Assignment;
  readonly prompt: string;
  readonly resumes: string | undefined;
  readonly tree: string;
  readonly home: string;
  /** Files for standard output and standard error. */
  readonly logs: { readonly stdout: string; readonly stderr: string };
  readonly budgets: readonly Budget[];
  readonly limits: NonNullable<SandboxPlan["limits"]>;
  readonly signal: AbortSignal;
  readonly record: (fact: CallFact) => void;
  readonly onStart: (pid: number) => void;
  readonly onTold: (told: Told) => void;
}

export interface ProgramSeen {
  readonly end: SandboxEnd;
  readonly told: { end?: "success" | "failure"; result?: unknown };
  readonly hungAfterEnd: boolean;
  readonly cutBy: SpentBudget | undefined;
}

/** After its last event it may take so long to end. */
const HANGS_MS = 15_000;
const PORT = "8080";

export async function runProgram(
  { sandbox, gateway }: { sandbox: Sandbox; gateway: Gateway | undefined },
  run: ProgramRun,
): Promise<ProgramSeen> {
  writeFileSync(join(run.home, RESULT_SCHEMA_FILE), JSON.stringify(RESULT_SCHEMA));
  const isSandboxed = sandbox.setting === "required";
  const { budgets, record } = run;
  const usesGateway = run.assignment.executor.network === "model" && gateway !== undefined;
  const attempt = usesGateway
    ? await gateway.open({ budgets, record, loopback: !isSandboxed })
    : undefined;
  try {
    const listener = listen(run, run.program.adapter);
    try {
      const plan = planOf(run, attempt, isSandboxed);
      const { signal, onOutput } = listener;
      const end = await sandbox.run(plan, { signal, onOutput, onStart: run.onStart, keepBytes: 0 });
      const { told, hungAfterEnd } = listener.over();
      // All that it asked for is on record before what it did is judged.
      await attempt?.close();
      return { end, told, hungAfterEnd, cutBy: attempt?.cutBy() };
    } finally {
      listener.over();
    }
  } finally {
    await attempt?.close();
  }
}

/** What it says, and ends it if it hangs when it has said all. */
function listen({ logs, signal, onTold }: ProgramRun, { told: toldBy }: Adapter) {
  const files = {
    stdout: openSync(logs.stdout, "a", 0o600),
    stderr: openSync(logs.stderr, "a", 0o600),
  };
  const told: ProgramSeen["told"] = {};
  const hang = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const read = readEvents((event) => {
    const said = toldBy(event);
    if (said.end !== undefined) {
      told.end = said.end;
      timer ??= setTimeout(() => hang.abort(), HANGS_MS);
    }
    if ("result" in said) told.result = said.result;
    onTold(said);
  });
  return {
    signal: AbortSignal.any([signal, hang.signal]),
    onOutput: (piece: Buffer, stream: "stdout" | "stderr"): void => {
      if (isOver) return;
      writeSync(files[stream], piece);
      if (stream === "stdout") read(piece);
    },
    over: () => {
      if (!isOver) for (const file of Object.values(files)) closeSync(file);
      isOver = true;
      clearTimeout(timer);
      return { told, hungAfterEnd: hang.signal.aborted && !signal.aborted };
    },
  };
}

function planOf(
  run: ProgramRun,
  attempt: OpenAttempt | undefined,
  isSandboxed: boolean,
): SandboxPlan {
  const { program, assignment, home, tree, limits } = run;
  const { model, network } = assignment.executor;
  const reached: Reached | undefined = attempt && {
    url: isSandboxed ? `http://127.0.0.1:${PORT}` : (attempt.url ?? ""),
    token: attempt.token,
  };
  const { args, env } = program.adapter.command({
    prompt: run.prompt,
    model,
    resumes: run.resumes,
    sessionId: randomUUID(),
    home,
    reached,
  });
  const words = [...program.words, ...args] as const;
  const through = attempt && isSandboxed;
  const [first, ...rest] = through
    ? [process.execPath, FORWARDER, attempt.socket, PORT, ...words]
    : words;
  return {
    command: [first ?? "", ...rest],
    environment: env,
    tree,
    home,
    reads: [...program.reads, ...(through ? [FORWARDER] : [])],
    network: through ? { model: attempt.socket } : network === "open" ? "open" : "none",
    limits,
  };
}
