/** Lane B killed at each point of a stage run that an agent works on: what is paid again, what is pushed, what is left. */
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { createBareRepository } from "@baton/gitops";
import { installAgents, startScriptedModel } from "@baton/scripted-agents";
import { eventually, temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { candidateId } from "./testing/authored-inputs.ts";
import { CRASH_POINTS } from "./testing/crash-points.ts";

const CHILD = fileURLToPath(import.meta.resolve("./testing/crash-child.ts"));
const SOURCE = readFileSync(
  join(import.meta.dirname, "../../../examples/candidates/steady-climb.ts"),
  "utf8",
);
const PATH = `strategies/${candidateId}/strategy.ts`;

async function place() {
  const folder = temporaryFolder("crash");
  onTestFinished(() => folder.remove());
  chmodSync(folder.path, 0o755);
  const at = (name: string): string => join(folder.path, name);
  await createBareRepository(at("strategies.git"), { initialFiles: { "README.md": "Mine.\n" } });
  const result = { do: "result", value: { done: true, note: "written" } } as const;
  const agents = installAgents(at("agents"), { runs: [[{ do: "model" }, result]] });
  const answers = [{ write: { path: PATH, content: SOURCE } }, { text: "Done." }];
  const model = await startScriptedModel({ key: "sk-test", scripts: [{ answers }] });
  onTestFinished(() => model.close());
  writeFileSync(at("key"), "sk-test\n", { mode: 0o600 });
  const run = (attempt: number, point?: string) => {
    const given = { folder: folder.path, codex: agents.codex, modelUrl: model.url, attempt, point };
    writeFileSync(at("given.json"), JSON.stringify(given));
    return new Promise<{ signal: string | null; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [CHILD, at("given.json")], (error, stdout, stderr) =>
        resolve({ signal: error?.signal ?? null, stdout, stderr }),
      );
    });
  };
  const git = (...args: string[]) =>
    execFileSync("git", ["--git-dir", at("strategies.git"), ...args], { encoding: "utf8" }).trim();
  return { folder: folder.path, agents, model, run, git };
}

const processes = (): string => execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });

const Printed = z.object({
  outcome: z.string(),
  works: z.array(z.looseObject({ ended: z.string(), sum: z.looseObject({ calls: z.int() }) })),
});

/** Calls of the model in all. From the program's end on nothing is asked again. */
const CALLS: Readonly<Record<string, number>> = { running: 3 };

test.each(CRASH_POINTS)(
  "killed at: %s",
  async (point) => {
    const { folder, agents, model, run, git } = await place();
    const died = await run(1, point);
    expect([died.signal, died.stderr, died.stdout]).toEqual(["SIGKILL", "", ""]);
    await eventually(() => !processes().includes(agents.folder), {
      what: `nothing of ${folder} runs`,
      withinMs: 2000,
    });
    const second = await run(2);
    const { outcome, works } = Printed.parse(JSON.parse(second.stdout));
    expect(outcome).toBe("done");
    const calls = CALLS[point] ?? 2;
    expect(model.calls).toHaveLength(calls);
    // What was counted is what was asked, of both attempts; one that finds its branch pushed reports no work.
    for (const { sum } of works) expect(sum.calls).toBe(calls);
    const [branch = "", ...more] = git(
      "branch",
      "--list",
      "*run-*",
      "--format=%(refname:short)",
    ).split("\n");
    expect(more).toEqual([]);
    expect(git("rev-list", "--count", `main..${branch}`)).toBe("1");
    expect(`${git("show", `${branch}:${PATH}`)}\n`).toBe(SOURCE);
  },
  60_000,
);
