/** What the command line refuses before it needs a server, each as a process of its own. */
import { execFile, spawnSync } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";

import { eventually, temporaryFolder } from "@baton/testkit";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";

import { makePipe } from "./testing/make-pipe.ts";
import { BATON, baton, type Ended, type RunOptions, startBaton } from "./testing/run-baton.ts";

const folder = temporaryFolder("cli-input");
afterAll(() => folder.remove());
mkdirSync(join(folder.path, "dir"));
writeFileSync(join(folder.path, "bad.json"), '{"a":');
writeFileSync(join(folder.path, "good.yaml"), "name: x\n");
const EMERGENCY = ["emergency", "inc-0123456789ab", "--scope", "cand-1234567", "--why", "x"];
const inFolder = { cwd: folder.path };

describe.concurrent("help", () => {
  test("names every command, the exit codes and the server", async () => {
    const { code, stdout } = await baton(["--help"]);
    expect(code).toBe(0);
    for (const word of [
      "submit",
      "get",
      "describe",
      "watch",
      "explain",
      "trace",
      "approve",
      "kill-switch",
      "incident",
    ])
      expect(stdout).toContain(`\n  ${word}`);
    expect(stdout).toContain("Exit codes: 0 ok, 2 usage");
    expect(stdout).toContain("nats://127.0.0.1:4222");
  });
});

describe.concurrent("a wrong command line", () => {
  test.each([
    [["submt"], "unknown command 'submt'", "Did you mean submit?"],
    [["get", "candidate", "--limt", "3"], "unknown option '--limt'", "Did you mean --limit?"],
    [["submit"], "missing required argument", "--help"],
    [["describe", "a", "b"], "too many arguments", "--help"],
    [["pause", "cand-1234567"], "required option '--why <text>'", "--help"],
    [["get", "candidates", "-o", "xml"], "Allowed choices are table, json, yaml", "--help"],
    [["artifacts", "get"], "either by candidate and name or by --sha256", "--help"],
    [["submit", "a", "b", "--id", "cand-1234567"], "--id names one candidate", "one by one"],
    [["kill-switch", "engage"], "required option '--why <text>'", "--help"],
    [["kill-switch", "release"], "required option '--why <text>'", "--help"],
    [["kill-switch"], "no command was given", "Choose"],
    [
      ["incident", "open", "--class", "A", "--why", "x"],
      "what does the incident freeze?",
      "Name one",
    ],
    [
      ["incident", "open", "--class", "A", "--lane", "a", "--all", "--why", "x"],
      "an incident has only one scope",
      "two incidents",
    ],
    [
      ["emergency", "inc-0123456789ab", "--ticket", "T", "--why", "x"],
      "required option '--scope",
      "--help",
    ],
    [["close-task", "task-0123456789ab", "--why", "x"], "required option '--commit", "--help"],
    [[], "no command was given", "Choose"],
  ])("%j is E_USAGE (2)", async (args, message, action) => {
    const { code, stdout, stderr } = await baton(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("E_USAGE (2): ");
    expect(stderr).toContain(message);
    expect(stderr).toContain(action);
  });

  test("is told as JSON if that was asked for, and stays away from standard output", async () => {
    const { code, stdout, stderr } = await baton(["submt", "--json"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: "E_USAGE",
        exit: 2,
        message: "unknown command 'submt'",
        action: "Did you mean submit?",
      },
    });
  });

  test("can't command the terminal", async () => {
    const { stderr } = await baton(["\u001b]0;title\u0007"]);
    expect(stderr).not.toContain("\u001b");
    expect(stderr).toContain("\\u001b]0;title");
  });
});

describe.concurrent("a wrong value", () => {
  test.each([
    [["describe", ""], "candidateId must not be empty"],
    [["describe", "../../etc"], "candidateId isn't valid"],
    [["explain", "\u001b]0;x\u0007abc"], "candidateId isn't valid"],
    [["trace", "cand-1234567", "--run", "x y"], "runId isn't valid"],
    [["watch", "cand.*.>"], "candidateId isn't valid"],
    [["get", "candidates", "--holder", "G"], "holder isn't valid"],
    [["get", "candidates", "--reason", "NOPE"], "reason isn't valid"],
    [["get", "reviews", "--stage", "A B"], "stage isn't valid"],
    [["get", "candidates", "--limit", "-1"], "limit isn't valid"],
    [["pause", "cand-1234567", "--why", "x", "--timeout", "1e9h"], "timeout isn't valid"],
    [["pause", "cand-1234567", "--why", " "], "why isn't valid"],
    [["pause", "cand-1234567", "--why", "x", "--as", "a\u001bb"], "identity isn't valid"],
    [["approve", "cand-1234567", "--why", "x", "--evidence", "zz"], "sha256 isn't valid"],
    [["describe", "mesh-controls"], "that is no candidate"],
    [["submit", "good.yaml", "--id", "mesh-controls"], "that is no candidate"],
    [["kill-switch", "engage", "--why", " "], "--why isn't valid"],
    [["kill-switch", "engage", "--why", "x", "--timeout", "0s"], "timeout isn't valid"],
    [["incident", "open", "--class", "E", "--all", "--why", "x"], "class isn't valid"],
    [["incident", "open", "--class", "A", "--lane", "G", "--why", "x"], "lane isn't valid"],
    [["incident", "open", "--class", "A", "--candidate", "..", "--why", "x"], "candidateId isn't"],
    [["incident", "close", "inc-1", "--why", "x"], "incident isn't valid"],
    [[...EMERGENCY, "--ticket", "  ", "--for", "30m"], "--ticket isn't valid"],
    [[...EMERGENCY, "--ticket", "T", "--for", "30"], "for isn't valid"],
    [[...EMERGENCY, "--ticket", "T", "--for", "59s"], "for isn't valid"],
    [[...EMERGENCY, "--ticket", "T", "--for", "25h"], "for isn't valid"],
    [["close-task", "task-0123456789ab", "--commit", "abc1234", "--why", "x"], "--commit isn't"],
    [["close-task", "inc-0123456789ab", "--commit", "a", "--why", "x"], "task isn't valid"],
    [["artifacts", "get", "cand-1234567", "../x"], "the artifact's name isn't valid"],
    [["submit", "good.yaml", "--id", "X"], "candidateId isn't valid"],
    [["submit", "missing.yaml"], "there is no such file (ENOENT)"],
    [["submit", "dir"], "it is a directory"],
    [["submit", "bad.json"], "bad.json:1:6 isn't YAML"],
    [["submit", "good.yaml"], "good.yaml: 7 wrong places"],
    [["audit", "verify", "missing.tar"], "can't be read as an audit pack"],
    [["audit", "verify", "good.yaml", "--key", "good.yaml"], "--key: not a public key"],
    [["--server", "http://x", "doctor"], "--server isn't the address of a NATS server"],
    [["--server", "nats://u:hunter2@x", "doctor"], "--server holds a secret (not shown)"],
  ])("%j is refused with 3, and nothing is printed as a result", async (args, message) => {
    const { code, stdout, stderr } = await baton(args, inFolder);
    expect(stderr).toContain(message);
    expect(stderr).toContain("\n  do:    ");
    expect(stderr).not.toContain("\u001b");
    expect(stderr).not.toContain("hunter2");
    expect(code).toBe(3);
    // Only a verification says on standard output what is wrong: that is its result.
    expect(args[0] === "audit" ? "" : stdout).toBe("");
  });

  test("bytes that aren't UTF-8 are refused", async () => {
    // A JavaScript string can't hold them, so a shell has to make them.
    const script = `exec "$0" "$1" describe "$(printf 'cand-\\377\\376')"`;
    const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile("sh", ["-c", script, process.execPath, BATON], (error, _stdout, stderr) => {
        resolve({ code: error?.code, stderr });
      });
    });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("an argument isn't UTF-8");
  });
});

describe.concurrent("without a server", () => {
  test.each([
    [["get", "candidates"]],
    [["submit", "good.yaml", "--unchecked"]],
    [["pause", "cand-1234567", "--why", "x"]],
    [["doctor"]],
  ])("%j ends with 8 and says how to get one", async (args) => {
    const { code, stderr } = await baton(args, inFolder);
    expect(code).toBe(8);
    expect(stderr).toContain(
      "E_UNAVAILABLE (8): cannot reach nats://127.0.0.1:1 (from BATON_NATS_URL): connection refused",
    );
    expect(stderr).toContain("`baton up` starts a local mesh");
  });

  test("one that takes connections and says nothing is given up", async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => void sockets.add(socket.on("error", () => undefined)));
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const address = mute.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const { code, stderr } = await baton(["get", "candidates"], {
      server: `nats://127.0.0.1:${port}`,
    });
    for (const socket of sockets) socket.destroy();
    mute.close();
    expect(code).toBe(8);
    expect(stderr).toContain("no answer in time");
  }, 15_000);

  test("a wrong file is told before the missing server", async () => {
    expect((await baton(["submit", "bad.json"], inFolder)).code).toBe(3);
  });
});

/** Sends Ctrl-C while a specification is awaited from a pipe, which is when its reader has opened it. */
async function interrupted(name: string, options: RunOptions): Promise<Ended> {
  const pipe = makePipe(join(folder.path, name));
  const running = startBaton(["submit", "good.yaml", pipe], { ...inFolder, ...options });
  const flags = constants.O_WRONLY | constants.O_NONBLOCK;
  const writer = await eventually(() => open(pipe, flags), { what: "the pipe is read" });
  running.kill("SIGINT");
  const ended = await running.ended;
  await writer.close();
  return ended;
}

test("Ctrl-C while a specification is awaited says that nothing was sent", async () => {
  const { code, stderr } = await interrupted("pipe", {});
  expect(code).toBe(130);
  expect(stderr).toContain("interrupted: nothing was sent");
});

describe.concurrent("under an old Node", () => {
  const pretend = join(folder.path, "old-node.cjs");
  writeFileSync(
    pretend,
    `if (process.env.BATON_NODE_CHOSEN !== "1" || process.env.STILL_OLD)
       Object.defineProperty(process.versions, "node", { value: "20.20.2" });`,
  );
  const nodeOptions = ["--require", pretend];

  test("it goes on under the project's own", async () => {
    const { code, stdout } = await baton(["--version"], { nodeOptions });
    expect([code, stdout.slice(0, 5)]).toEqual([0, "0.0.0"]);
  });

  test("exit codes and standard input come through", async () => {
    const { code, stderr } = await baton(["submit", "-"], { nodeOptions, stdin: "[1]" });
    expect(code).toBe(3);
    expect(stderr).toContain("standard input: expected an object at the top, got a list");
  });

  test("Ctrl-C comes through, once", async () => {
    const { code, stderr } = await interrupted("old-pipe", { nodeOptions });
    expect(code).toBe(130);
    expect(stderr.match(/interrupted: nothing was sent/g)).toHaveLength(1);
  });

  test("it says what to do where there is no other", async () => {
    const { code, stderr } = await baton(["--version"], { nodeOptions, env: { STILL_OLD: "1" } });
    expect(code).toBe(8);
    expect(stderr).toContain("E_NODE (8): baton needs Node 24.12 or newer");
    expect(stderr).toContain("npm ci");
  });
});

test("a result that can't be written is told, and ends with 8", () => {
  const full = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(full));
  const { PATH } = process.env;
  const ran = spawnSync(process.execPath, [BATON, "reasons"], {
    env: { PATH },
    stdio: ["ignore", full, "pipe"],
  });
  expect(ran.stderr.toString()).toMatch(/E_UNAVAILABLE[^]*standard output[^]*no space left/i);
  expect(ran.status).toBe(8);
});
