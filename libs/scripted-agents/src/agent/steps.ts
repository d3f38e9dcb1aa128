/** Does the steps of a scenario. */
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { type Agent, ModelError, NO_TOKENS, runTool, type ToolCall } from "./agent.ts";
import type { End, Step } from "./scenario.ts";

const MOST_MODEL_CALLS = 50;
const held: Buffer[] = [];
let tools = 0;

/** A limit of its own is reached. */
export class Ended extends Error {
  readonly how: End["how"];
  constructor(how: End["how"]) {
    super(how);
    this.how = how;
  }
}

/** Exit code of the agent. */
export async function perform(agent: Agent, steps: readonly Step[]): Promise<number> {
  for (const step of steps) {
    if (step.do === "end") return endWith(agent, step);
    try {
      await performOne(agent, step);
    } catch (error) {
      if (error instanceof Ended) return endWith(agent, { do: "end", how: error.how });
      if (!(error instanceof ModelError)) throw error;
      return endWith(agent, { do: "end", how: "success-with-error", message: error.message });
    }
  }
  return endWith(agent, { do: "end", how: "success" });
}

async function endWith(agent: Agent, { how, message, exit, thenHang }: End): Promise<number> {
  const code = agent.end(how, message);
  if (thenHang === true) await hang();
  return exit ?? code;
}

// oxlint-disable-next-line eslint/max-lines-per-function -- one line or two a step.
async function performOne(agent: Agent, step: Exclude<Step, End>): Promise<void> {
  switch (step.do) {
    case "write":
      return writeStep(agent, step);
    case "symlink":
      return symlinkSync(step.to, step.path);
    case "hardlink":
      return linkSync(step.to, step.path);
    case "fifo":
      return void spawnSync("mkfifo", [step.path]);
    case "run":
      return useTool(agent, step.command);
    case "spawn":
      return spawn("/bin/sh", ["-c", step.command], { detached: true, stdio: "ignore" }).unref();
    case "say":
      return agent.say(step.text);
    case "model":
      return withModel(agent, step.calls ?? MOST_MODEL_CALLS);
    case "usage": {
      const { input, cached = 0, output } = step;
      return agent.spent({ ...NO_TOKENS, input, cached, output });
    }
    case "sleep":
      return delay(step.ms);
    case "hang":
      return hang();
    case "ignore-sigterm":
      process.removeAllListeners("SIGTERM");
      return void process.on("SIGTERM", () => undefined);
    case "refused-tool":
      return agent.refusedTool(step.tool);
    case "line":
      return out(`${step.text}\n`);
    case "half-line":
      return out(step.text);
    case "long-line":
      return out(`${"x".repeat(step.bytes)}\n`);
    case "flood":
      return flood(step.bytes);
    case "stderr":
      return void process.stderr.write(step.text);
    case "allocate":
      return void held.push(Buffer.alloc(step.bytes, 1));
    case "result":
      return agent.result(step.value);
    case "kill":
      process.kill(process.pid, step.signal);
      return hang();
    case "exit":
      return process.exit(step.code);
  }
}

function writeStep(agent: Agent, { path, text, bytes }: Extract<Step, { do: "write" }>): void {
  const call = tool("write", { path });
  agent.toolStarted(call);
  mkdirSync(dirname(path), { recursive: true });
  if (bytes === undefined) writeFileSync(path, text ?? "");
  else {
    const file = openSync(path, "w");
    ftruncateSync(file, bytes);
    closeSync(file);
  }
  agent.toolEnded(call, { output: "", code: 0 });
}

async function useTool(agent: Agent, command: string): Promise<void> {
  const call = tool("run", { command });
  agent.toolStarted(call);
  agent.toolEnded(call, await runTool(command));
}

function tool(name: string, input: Record<string, unknown>): ToolCall {
  tools += 1;
  return { id: `call_${tools}`, name, input };
}

/** As a real one: ask, do, tell, ask again. */
async function withModel(agent: Agent, most: number): Promise<void> {
  for (let call = 0; call < most; call += 1) {
    const turn = await agent.askModel();
    agent.spent(turn.tokens);
    if (turn.text !== "") agent.say(turn.text);
    if (turn.tools.length === 0) return;
    for (const wanted of turn.tools) {
      agent.toolStarted(wanted);
      agent.toolEnded(wanted, await doTool(wanted.input));
    }
  }
}

/** Codex has a shell; Claude Code also a tool that writes files. */
async function doTool(input: Record<string, unknown>): Promise<{ output: string; code: number }> {
  const { cmd, command = cmd, file_path: path, content } = input;
  if (typeof command === "string") return runTool(command);
  if (typeof path !== "string") return { output: "no such tool", code: 1 };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : "");
  return { output: "File created", code: 0 };
}

/** To the descriptor itself, so that all of it is out even if the next step is the end. */
function out(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSome(bytes.subarray(at));
}

function writeSome(bytes: Buffer): number {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
    throw error;
  }
}

function flood(bytes: number): void {
  const line = `${"x".repeat(1023)}\n`.repeat(64);
  for (let written = 0; written < bytes; written += line.length) out(line);
}

function hang(): Promise<never> {
  return new Promise(() => {
    // Something must keep the process.
    setInterval(() => undefined, 60_000);
  });
}
