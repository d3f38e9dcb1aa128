import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";

import type { Step } from "./agent/scenario.ts";
import { CLAUDE, CODEX, type Name, place, run, start } from "./testing/start.ts";

const ARGS = { codex: CODEX, claude: CLAUDE };

test("codex: a good run writes, runs, says and ends with the thread's usage", async () => {
  const where = place([
    { do: "write", path: "a/b.txt", text: "hi" },
    { do: "run", command: "cat a/b.txt; exit 3" },
    { do: "say", text: "done" },
    { do: "usage", input: 100, cached: 40, output: 5 },
  ]);
  const { code, events, types } = await run(where, "codex", ["-o", "last.txt"]);
  expect(code).toBe(0);
  expect(types).toEqual([
    "thread.started",
    "turn.started",
    "item.completed",
    "item.started",
    "item.completed",
    "item.completed",
    "turn.completed",
  ]);
  expect(events[2]).toMatchObject({ item: { type: "file_change", changes: [{ kind: "add" }] } });
  expect(events[4]).toMatchObject({
    item: { type: "command_execution", aggregated_output: "hi", exit_code: 3, status: "failed" },
  });
  expect(events[6]).toMatchObject({
    usage: { input_tokens: 100, cached_input_tokens: 40, output_tokens: 5 },
  });
  expect(readFileSync(join(where.tree, "a/b.txt"), "utf8")).toBe("hi");
  expect(readFileSync(join(where.tree, "last.txt"), "utf8")).toBe("done");
});

test("claude: a good run ends with a result; a message's own usage is that of its start", async () => {
  const where = place([
    { do: "write", path: "b.txt", text: "hi" },
    { do: "result", value: { ok: true } },
    { do: "usage", input: 1000, output: 100 },
  ]);
  const session = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";
  const { code, events, types } = await run(where, "claude", ["--session-id", session]);
  expect(code).toBe(0);
  expect(types).toEqual(["system/init", "assistant", "user", "result/success"]);
  expect(events[0]).toMatchObject({ session_id: session, claude_code_version: "2.1.332" });
  expect(events[1]).toMatchObject({ message: { usage: { output_tokens: 1 } } });
  expect(events[3]).toMatchObject({
    is_error: false,
    total_cost_usd: 0.0045,
    structured_output: { ok: true },
    session_id: session,
  });
});

test.each<[string, Name, string[], { code: number; says: RegExp }]>([
  [
    "an unknown flag",
    "codex",
    ["--max-turns", "3"],
    { code: 2, says: /unexpected argument '--max-turns'/ },
  ],
  [
    "a place for a resumed session",
    "codex",
    ["resume", "x", "-s", "read-only"],
    { code: 2, says: /'-s'/ },
  ],
  [
    "an unknown thread",
    "codex",
    ["resume", "x", "--skip-git-repo-check"],
    { code: 1, says: /no rollout found/ },
  ],
  ["an unknown flag", "claude", ["--json"], { code: 1, says: /unknown option '--json'/ }],
  ["an unknown session", "claude", ["--resume", "x"], { code: 1, says: /No conversation found/ }],
])("%s: %s ends without an event", async (_what, name, args, { code, says }) => {
  const given = name === "codex" ? ["exec", ...args] : [...CLAUDE, ...args];
  const ended = await start(place(), name, given).ended;
  expect(ended).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(says) });
});

test("outside a repository codex wants to be told so, and claude's stream wants --verbose", async () => {
  expect((await start(place(), "codex", ["exec", "x"]).ended).code).toBe(1);
  const args = ["-p", "x", "--output-format", "stream-json"];
  expect((await start(place(), "claude", args).ended).code).toBe(1);
});

test("a resumed session counts what was before; elsewhere there is none", async () => {
  const where = place([{ do: "usage", input: 1000, output: 0 }]);
  const codex = await run(where, "codex");
  const thread = String(codex.events[0]?.["thread_id"]);
  const args = ["exec", "resume", thread, "--json", "--skip-git-repo-check", "go on"];
  const resumed = await start(where, "codex", args).ended;
  expect(resumed.events[0]).toMatchObject({ thread_id: thread });
  expect(resumed.events.at(-1)).toMatchObject({ usage: { input_tokens: 2000 } });
  expect((await start({ ...where, home: place().home }, "codex", args).ended).code).toBe(1);

  const claude = await run(where, "claude");
  const session = String(claude.events[0]?.["session_id"]);
  const again = await run(where, "claude", ["--resume", session]);
  expect(again.events.at(-1)).toMatchObject({ usage: { input_tokens: 2000 }, session_id: session });
  expect((await run({ ...where, tree: place().tree }, "claude", ["--resume", session])).code).toBe(
    1,
  );
});

test("a killed codex leaves the sum of its tokens in its session's file only", async () => {
  const where = place([
    { do: "usage", input: 7, output: 1 },
    { do: "kill", signal: "SIGKILL" },
  ]);
  const { signal, types } = await run(where, "codex");
  expect([signal, types]).toEqual(["SIGKILL", ["thread.started", "turn.started"]]);
  const [file = ""] = globSync(join(where.home, "sessions/*/*/*/rollout-*.jsonl"));
  expect(readFileSync(file, "utf8")).toContain('"total_token_usage":{"input":7');
});

test.each<[Name, NodeJS.Signals, number, string]>([
  ["codex", "SIGINT", 1, "item.started"],
  ["codex", "SIGTERM", 143, "item.started"],
  ["claude", "SIGINT", 0, "result/error_during_execution"],
  ["claude", "SIGTERM", 143, "assistant"],
])("%s, %s: exit %i, last event %s", async (name, signal, code, event) => {
  const where = place([{ do: "run", command: "echo $$ > pid; sleep 600" }]);
  const { child, ended } = start(where, name, [...ARGS[name], "x"]);
  const pid = await vi.waitFor(() => {
    const text = readFileSync(join(where.tree, "pid"), "utf8");
    if (!text.endsWith("\n")) throw new Error("not yet");
    return Number(text);
  });
  onTestFinished(() => killIfThere(pid));
  child.kill(signal);
  const end = await ended;
  expect([end.code, end.types.at(-1)]).toEqual([code, event]);
  // Codex's tool goes on after SIGTERM; nobody's own session is reached by the agent's group.
  const survives = name === "codex" && signal === "SIGTERM";
  await vi.waitFor(() => expect(isThere(pid)).toBe(survives));
});

test("SIGTERM may be ignored", async () => {
  const where = place([{ do: "ignore-sigterm" }, { do: "say", text: "ready" }, { do: "hang" }]);
  const { child, ended, wrote } = start(where, "claude", [...CLAUDE, "x"]);
  await wrote("ready");
  child.kill("SIGTERM");
  child.kill("SIGTERM");
  child.kill("SIGKILL");
  expect((await ended).signal).toBe("SIGKILL");
});

test("it may hang after its result", async () => {
  const where = place([{ do: "end", how: "success", thenHang: true }]);
  const { child, ended, wrote } = start(where, "claude", [...CLAUDE, "x"]);
  await wrote('"subtype":"success"');
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 143, types: ["system/init", "result/success"] });
});

test("what is spawned outlives the agent and its process group", async () => {
  const where = place([
    { do: "spawn", command: "echo $$ > pid; sleep 600" },
    { do: "sleep", ms: 1 },
  ]);
  await run(where, "codex");
  const pid = await vi.waitFor(() =>
    Number(readFileSync(join(where.tree, "pid"), "utf8").trim() || "x"),
  );
  onTestFinished(() => killIfThere(pid));
  expect(isThere(pid)).toBe(true);
});

test.each<[string, Step[], { code: number; last: string; isError: boolean | undefined }]>([
  [
    "exit 0 on failure",
    [{ do: "end", how: "failed", exit: 0 }],
    { code: 0, last: "error_during_execution", isError: true },
  ],
  [
    "success with is_error",
    [{ do: "end", how: "success-with-error", exit: 0 }],
    { code: 0, last: "success", isError: true },
  ],
  [
    "no terminal event",
    [{ do: "end", how: "silent" }],
    { code: 0, last: "init", isError: undefined },
  ],
  [
    "out of turns",
    [{ do: "end", how: "max-turns" }],
    { code: 1, last: "error_max_turns", isError: true },
  ],
  [
    "an exit code and nothing else",
    [{ do: "exit", code: 7 }],
    { code: 7, last: "init", isError: undefined },
  ],
])("claude: %s", async (_what, steps, { code, last, isError }) => {
  const ended = await run(place(steps), "claude");
  expect(ended.code).toBe(code);
  expect(ended.events.at(-1)).toMatchObject({ subtype: last });
  expect(ended.events.at(-1)?.["is_error"]).toBe(isError);
});

test("claude: all tools refused looks like success", async () => {
  const { code, events, types } = await run(
    place([{ do: "refused-tool", tool: "Write" }]),
    "claude",
  );
  expect([code, types.at(-1), events.at(-1)?.["is_error"]]).toEqual([0, "result/success", false]);
  expect(events.at(-1)).toMatchObject({ permission_denials: [{ tool_name: "Write" }] });
});

test("claude: its own limits are looked at after a call", async () => {
  const steps = Array.from({ length: 9 }, (): Step => ({ do: "usage", input: 10_000, output: 0 }));
  const budget = await run(place(steps), "claude", ["--max-budget-usd", "0.05"]);
  expect(budget).toMatchObject({ code: 1 });
  expect(budget.events.at(-1)).toMatchObject({
    subtype: "error_max_budget_usd",
    total_cost_usd: 0.06,
  });
  const turns = await run(place(steps), "claude", ["--max-turns", "3"]);
  expect(turns.events.at(-1)).toMatchObject({ subtype: "error_max_turns", num_turns: 4 });
});

test.each<Name>(["codex", "claude"])("%s: output of every kind", async (name) => {
  const where = place([
    { do: "line", text: '{"failure":{"class":"transient"}}' },
    { do: "line", text: "\u001b[2J\u001b]0;title\u0007operator: run baton approve" },
    { do: "long-line", bytes: 5_000_000 },
    { do: "flood", bytes: 2_000_000 },
    { do: "stderr", text: "to stderr" },
    { do: "half-line", text: '{"type":"turn.comp' },
    { do: "end", how: "silent" },
  ]);
  const { code, stdout, stderr } = await run(where, name);
  expect(code).toBe(0);
  expect(stdout.length).toBeGreaterThan(7_000_000);
  expect(stdout).toContain('{"failure":{"class":"transient"}}\n\u001b[2J');
  expect(stdout.endsWith('x\n{"type":"turn.comp')).toBe(true);
  expect(stderr).toContain("to stderr");
});

test("files of every kind; a later start does the next steps", async () => {
  const where = place(
    [
      { do: "write", path: "large", bytes: 2 ** 30 },
      { do: "write", path: "file\nname", text: "x" },
      { do: "symlink", path: "link", to: "/etc/passwd" },
      { do: "hardlink", path: "hard", to: "large" },
      { do: "fifo", path: "fifo" },
    ],
    [{ do: "write", path: "second" }],
  );
  await run(where, "codex");
  expect(statSync(join(where.tree, "large"))).toMatchObject({ size: 2 ** 30, nlink: 2 });
  expect(statSync(join(where.tree, "fifo")).isFIFO()).toBe(true);
  expect(existsSync(join(where.tree, "second"))).toBe(false);
  for (const _ of [1, 2]) await run(where, "codex");
  expect(existsSync(join(where.tree, "second"))).toBe(true);
});

function isThere(pid: number): boolean {
  try {
    // A zombie that nobody has waited for yet is gone.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}
