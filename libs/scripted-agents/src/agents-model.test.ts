import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import type { Answer } from "./model/script.ts";
import { startScriptedModel } from "./model/scripted-model.ts";
import { modelAt, type Name, place, run } from "./testing/start.ts";

const model = async (...answers: Answer[]) => {
  const started = await startScriptedModel({ key: "key", scripts: [{ answers }] });
  onTestFinished(() => started.close());
  return { ...started, ...modelAt(started.url) };
};

test.each<Name>(["codex", "claude"])(
  "%s does what the model says, and counts what it says it took",
  async (name) => {
    const where = place([{ do: "model" }]);
    const path = join(where.tree, "made/by-model.txt");
    const { codex, env, calls } = await model(
      { write: { path, content: "it's done\n" }, usage: { input: 100, cached: 60, output: 10 } },
      { command: "echo 2 >> made/by-model.txt", usage: { input: 200, output: 20 } },
      { text: "finished", usage: { input: 300, output: 30 } },
    );
    const { code, events } = await run(where, name, name === "codex" ? codex : [], env);
    expect([code, calls.length]).toEqual([0, 3]);
    expect(readFileSync(path, "utf8")).toBe("it's done\n2\n");
    const usage =
      name === "codex"
        ? { input_tokens: 600, cached_input_tokens: 60, output_tokens: 60 }
        : { input_tokens: 540, cache_read_input_tokens: 60, output_tokens: 60 };
    expect(events.at(-1)).toMatchObject({ usage });
  },
);

test.each<[Name, string, Answer, number]>([
  ["codex", "400", { error: { status: 400 } }, 1],
  ["codex", "429 insufficient_quota", { error: { status: 429, code: "insufficient_quota" } }, 1],
  ["codex", "402", { error: { status: 402 } }, 2],
  ["codex", "500", { error: { status: 500 } }, 4],
  ["codex", "a cut stream", { breaks: "cut" }, 4],
  ["claude", "402", { error: { status: 402 } }, 1],
  [
    "claude",
    "429 that says so",
    { error: { status: 429, headers: { "x-should-retry": "false" } } },
    1,
  ],
  ["claude", "429", { error: { status: 429 } }, 3],
  ["claude", "529", { error: { status: 529 } }, 3],
])("%s asks again or not: %s", async (name, _what, answer, requests) => {
  const { codex, env, calls } = await model(answer);
  const more = name === "codex" ? codex : [];
  const ended = await run(place([{ do: "model" }]), name, more, {
    ...env,
    CLAUDE_CODE_MAX_RETRIES: "2",
  });
  expect([ended.code, calls.length]).toEqual([1, requests]);
  expect(ended.types.at(-1)).toBe(name === "codex" ? "turn.failed" : "result/success");
});
