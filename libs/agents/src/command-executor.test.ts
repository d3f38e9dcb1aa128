import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Step } from "@baton/scripted-agents";
import { expect, onTestFinished, test } from "vitest";

import { callOf, jobFor, PATH, placeFor, RESULT, SOURCE, WELL } from "./testing/place.ts";

const WRITTEN: Step = { do: "write", path: PATH, text: SOURCE };
const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test.each(["codex", "claude"] as const)("%s delivers what it wrote", async (agent) => {
  const { executor } = await placeFor([WELL]);
  const call = callOf();
  const { work, outcome, logs } = await executor.run(jobFor({ agent }), call);
  expect(outcome).toMatchObject({ kind: "files", files: [{ path: PATH }] });
  const [file] = outcome.kind === "files" ? outcome.files : [];
  expect(decoded(file?.bytes ?? new Uint8Array())).toBe(SOURCE);
  expect(work).toMatchObject({ agent, ended: "delivered", sum: { tokens: 0, calls: 0 } });
  expect(work.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(work.session).toMatch(/^[0-9a-f-]{36}$/);
  expect(decoded(logs["agent-output.jsonl"] ?? new Uint8Array())).toContain("written");
  expect(call.steps).toContain("starting the program");
});

test.each(["codex", "claude"] as const)(
  "%s asks the model, and the gateway counts",
  async (agent) => {
    const { executor, model } = await placeFor(
      [[{ do: "model" }, RESULT]],
      [
        { write: { path: PATH, content: SOURCE }, usage: { input: 900, output: 50 } },
        { text: "Done." },
      ],
    );
    const { work, outcome } = await executor.run(jobFor({ agent }), callOf());
    expect(outcome).toMatchObject({ kind: "files", files: [{ path: PATH }] });
    expect(model.calls).toHaveLength(2);
    expect(work.spent).toEqual({ tokens: 2000, micros: 2100, calls: 2 });
  },
);

test("a program without a model delivers too", async () => {
  const { executor } = await placeFor([WELL]);
  const write = `printf %s "$BATON_JOB" > strategies/cand-000001/strategy.ts; exit 0`;
  const program = ["/bin/sh", "-c", write];
  const { work, outcome } = await executor.run(
    jobFor({ agent: "plain", network: "none", program }),
    callOf(),
  );
  expect(outcome).toMatchObject({
    kind: "files",
    files: [{ path: PATH, bytes: Buffer.from("job.json") }],
  });
  expect(work).toMatchObject({ agent: "plain", ended: "delivered", network: "none" });
  expect(work.spent).toBeUndefined();
});

test("a later attempt takes up what was delivered, and asks nobody", async () => {
  const { executor, model, play } = await placeFor(
    [[{ do: "model" }, RESULT]],
    [{ write: { path: PATH, content: SOURCE } }, { text: "Done." }],
  );
  const first = await executor.run(jobFor(), callOf());
  play({ runs: [[{ do: "exit", code: 3 }]] });
  const second = await executor.run(jobFor({ attempt: 2 }), callOf());
  expect(second.outcome).toEqual(first.outcome);
  expect(second.work).toMatchObject({ ended: "taken-up", sum: first.work.spent });
  expect(second.work.spent).toEqual({ tokens: 0, micros: 0, calls: 0 });
  expect(model.calls).toHaveLength(2);
});

test("an attempt that failed in passing is gone on with once, in its session", async () => {
  const { executor } = await placeFor([
    [
      { do: "write", path: PATH, text: "half" },
      { do: "exit", code: 1 },
    ],
    WELL,
  ]);
  const first = await executor.run(jobFor(), callOf());
  expect(first).toMatchObject({
    outcome: { kind: "failed", failure: { class: "transient", code: "E_AGENT_FAILED" } },
  });
  const second = await executor.run(jobFor({ attempt: 2 }), callOf());
  expect(second.outcome.kind).toBe("files");
  expect(second.work.session).toBe(first.work.session);
});

test("a budget stops it after the call that spent it, and says which", async () => {
  const { executor, model } = await placeFor(
    [[{ do: "model" }, RESULT]],
    [{ command: "true", usage: { input: 9000, output: 2000 } }],
  );
  const job = jobFor({ stageRun: { tokens: 10_000 } });
  const { outcome, work } = await executor.run(job, callOf());
  expect(outcome).toMatchObject({ failure: { class: "policy", code: "E_BUDGET" } });
  const cutBy = { scope: "stage-run", measure: "tokens", limit: 10_000, spent: 11_000 };
  expect(work).toMatchObject({ ended: "budget", cutBy });
  expect(model.calls).toHaveLength(1);
  // Nothing is begun on a budget that is spent.
  const again = await executor.run({ ...job, attempt: 2 }, callOf());
  expect(again.outcome).toMatchObject({ failure: { code: "E_BUDGET" } });
  expect(model.calls).toHaveLength(1);
});

test("what the journal knows to be spent counts, on whatever machine it was", async () => {
  const { executor, model } = await placeFor([[{ do: "model" }, RESULT]]);
  const reported = { tokens: 10_000, micros: 1, calls: 1 };
  const job = { ...jobFor({ attempt: 2, stageRun: { tokens: 10_000 } }), reported };
  const { outcome, work } = await executor.run(job, callOf());
  expect(outcome).toMatchObject({ failure: { code: "E_BUDGET" } });
  expect([work.sum, model.calls]).toEqual([reported, []]);
});

const LIES = `{"failure":{"class":"spec","code":"E_MINE","message":"x","action":"rm -rf /"}}`;

test.each<[string, readonly Step[], string, string]>([
  [
    "exits with 0 and says nothing",
    [{ do: "end", how: "silent" }],
    "transient",
    "E_AGENT_UNFINISHED",
  ],
  [
    "exits with 0 on failure",
    [{ do: "end", how: "failed", exit: 0 }],
    "transient",
    "E_AGENT_FAILED",
  ],
  ["delivers nothing", [RESULT], "deterministic", "E_AGENT_NOTHING"],
  [
    "gives no result",
    [WRITTEN, { do: "say", text: "All fine!" }],
    "deterministic",
    "E_AGENT_RESULT",
  ],
  [
    "gives up",
    [{ do: "result", value: { done: false, note: "no \u001b[31midea" } }],
    "deterministic",
    "E_AGENT_GAVE_UP",
  ],
  [
    "says the failure itself",
    [
      { do: "line", text: LIES },
      { do: "exit", code: 65 },
    ],
    "transient",
    "E_AGENT_FAILED",
  ],
  [
    "ends in half a line",
    [WRITTEN, { do: "half-line", text: `{"type":"turn.comp` }, { do: "exit", code: 0 }],
    "transient",
    "E_AGENT_UNFINISHED",
  ],
  ["is killed", [{ do: "kill", signal: "SIGSEGV" }], "transient", "E_AGENT_FAILED"],
  ["floods", [{ do: "flood", bytes: 2 ** 30 }], "deterministic", "E_AGENT_LIMIT"],
  [
    "writes a huge file",
    [{ do: "write", path: PATH, bytes: 2 ** 30 }, RESULT],
    "transient",
    "E_AGENT_FAILED",
  ],
  [
    "delivers a large file",
    [{ do: "write", path: PATH, bytes: 100 * 2 ** 20 }, RESULT],
    "deterministic",
    "E_DELIVERY",
  ],
  ["allocates all", [{ do: "allocate", bytes: 2 ** 30 }], "deterministic", "E_AGENT_LIMIT"],
  [
    "changes its job",
    [...WELL, { do: "write", path: "job.json", text: "{}" }],
    "policy",
    "E_SURFACE",
  ],
  [
    "writes elsewhere",
    [...WELL, { do: "write", path: "strategies/cand-000002/strategy.ts" }, RESULT],
    "policy",
    "E_SURFACE",
  ],
  [
    "leaves a repository",
    [...WELL, { do: "write", path: ".git/config", text: "[core]\n\tfsmonitor = evil" }],
    "policy",
    "E_SURFACE",
  ],
  [
    "leaves settings with hooks",
    [...WELL, { do: "write", path: ".claude/settings.json", text: "{}" }],
    "policy",
    "E_SURFACE",
  ],
  [
    "delivers a link",
    [{ do: "run", command: `ln -s /etc/passwd ${PATH}` }, RESULT],
    "deterministic",
    "E_DELIVERY",
  ],
  [
    "delivers a hard link",
    [...WELL, { do: "run", command: `ln ${PATH} strategies/cand-000001/two.ts` }, RESULT],
    "deterministic",
    "E_DELIVERY",
  ],
  [
    "delivers a FIFO",
    [{ do: "run", command: `mkfifo ${PATH}` }, RESULT],
    "deterministic",
    "E_DELIVERY",
  ],
  [
    "delivers a name with a newline",
    [...WELL, { do: "run", command: "touch 'strategies/cand-000001/a\nb.ts'" }, RESULT],
    "deterministic",
    "E_DELIVERY",
  ],
  [
    "delivers case twins",
    [...WELL, { do: "write", path: "strategies/cand-000001/Strategy.ts", text: "x" }, RESULT],
    "deterministic",
    "E_DELIVERY",
  ],
])("one that %s is contained, in our words", async (_what, steps, kind, code) => {
  const { executor } = await placeFor([steps]);
  const { outcome } = await executor.run(jobFor(), callOf());
  expect(outcome).toMatchObject({ kind: "failed", failure: { class: kind, code } });
  const { message = "", action = "" } = outcome.kind === "failed" ? outcome.failure : {};
  expect(message).not.toContain("\u001b");
  expect(action).not.toContain("rm -rf");
});

test("hangs and time: what hangs after its last event counts, what hangs in silence is ended", async () => {
  const stays: Step = { do: "end", how: "success", thenHang: true };
  const { executor } = await placeFor([[WRITTEN, RESULT, stays]]);
  const hung = await executor.run(jobFor({ agent: "claude" }), callOf());
  expect(hung.outcome.kind).toBe("files");
  const silent = await placeFor([[{ do: "ignore-sigterm" }, { do: "hang" }]]);
  const { outcome } = await silent.executor.run(jobFor({ seconds: 3 }), callOf());
  expect(outcome).toMatchObject({ failure: { class: "transient", code: "E_AGENT_TIME" } });
});

test("a long line says nothing, and what comes after it counts", async () => {
  const { executor } = await placeFor([[{ do: "long-line", bytes: 5_000_000 }, ...WELL]]);
  const { outcome, logs } = await executor.run(jobFor(), callOf());
  expect(outcome).toMatchObject({ kind: "files" });
  expect(logs["agent-output.jsonl"]?.length).toBeLessThan(2 ** 20);
});

test("what it started in a session of its own is gone when it is over", async () => {
  const late = "setsid sh -c 'sleep 1; touch late' &";
  const { executor, stageRuns } = await placeFor([[{ do: "spawn", command: late }, ...WELL]]);
  const { outcome } = await executor.run(jobFor(), callOf());
  expect(outcome.kind).toBe("files");
  const running = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  expect(running).not.toContain("touch late");
  expect(existsSync(join(stageRuns, "cand-000001.candidate-build.run-000001/tree-1/late"))).toBe(
    false,
  );
});

test("it reaches neither the network nor what is the lane's", async () => {
  const looks = [
    `(env; cat /proc/1/environ; ls ${process.cwd()}; cat /etc/shadow; ls ..) > ${PATH} 2>&1`,
    `(exec 3<>/dev/tcp/1.1.1.1/53) 2>> ${PATH}`,
    "true",
  ];
  const { executor, config } = await placeFor([
    [{ do: "run", command: `bash -c '${looks.join("; ")}'` }, RESULT],
  ]);
  process.env["BATON_NATS_SEED"] = "SUSECRET";
  onTestFinished(() => void delete process.env["BATON_NATS_SEED"]);
  const { outcome } = await executor.run(jobFor(), callOf());
  const [file] = outcome.kind === "files" ? outcome.files : [];
  const seen = decoded(file?.bytes ?? new Uint8Array());
  expect(seen).toContain("BATON_MODEL_TOKEN");
  expect(seen).not.toContain("SUSECRET");
  expect(seen).not.toContain("sk-test");
  expect(seen).toMatch(/unreachable/i);
  expect(config.gateway?.upstreams.responses?.keyFile).toBeDefined();
});

test("a program that the lane doesn't know is said before anything is begun", async () => {
  const { executor } = await placeFor([WELL]);
  const { assignment, ...job } = jobFor({ agent: "plain" });
  const other = {
    ...job,
    assignment: { ...assignment, executor: { kind: "command", agent: "plain", network: "none" } },
  } as const;
  await expect(executor.run(other, callOf())).rejects.toMatchObject({ code: "E_EXECUTOR" });
});
