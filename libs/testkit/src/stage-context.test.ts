import { StageFailure } from "@baton/lanekit";
import { expect, test } from "vitest";
import { z } from "zod";

import { createStageContext } from "./stage-context.ts";

const base = { lane: "lane-c", stage: "backtest-robustness", spec: { name: "x" } } as const;

test("what a stage puts is there under its name, with sorted keys, two spaces and a newline", async () => {
  const context = createStageContext(base);
  const ref = await context.putJson("a/b.json", { z: 1, a: [true] });
  expect(new TextDecoder().decode(context.outputs.get("a/b.json"))).toBe(
    '{\n  "a": [\n    true\n  ],\n  "z": 1\n}\n',
  );
  expect(ref).toMatchObject({ stage: "backtest-robustness", runId: context.runId, bytes: 36 });
});

test("a stage reads back what it has put", async () => {
  const context = createStageContext(base);
  await context.putJson("a.json", [1]);
  expect(await context.readJson("a.json", z.array(z.int()))).toEqual([1]);
});

test("the outputs of one stage are the inputs of the next", async () => {
  const first = createStageContext(base);
  await first.putJson("a.json", { n: 1 });
  const second = createStageContext({ ...base, inputs: Object.fromEntries(first.outputs) });
  expect(await second.readJson("a.json", z.object({ n: z.int() }))).toEqual({ n: 1 });
});

test("a missing, a damaged and an ill-formed input are deterministic failures", async () => {
  const context = createStageContext({ ...base, inputs: { "a.json": { n: "1" }, "c.json": "{" } });
  const failing = (code: string) =>
    expect.objectContaining({ name: "StageFailure", class: "deterministic", code });
  await expect(context.read("b.json")).rejects.toEqual(failing("E_INPUT_MISSING"));
  await expect(context.readJson("a.json", z.object({ n: z.int() }))).rejects.toEqual(
    failing("E_INPUT_INVALID"),
  );
  await expect(context.readJson("c.json", z.unknown())).rejects.toThrow("c.json: not JSON");
  for (const bytes of context.store.values()) bytes[0] = 0;
  await expect(context.read("a.json")).rejects.toBeInstanceOf(StageFailure);
});

test("stored bytes are fetched by digest, unknown ones are refused", async () => {
  const bytes = new TextEncoder().encode("Date,Close\n");
  const context = createStageContext({ ...base, stored: [bytes] });
  const [digest = ""] = context.store.keys();
  expect(await context.fetch(digest)).toEqual(bytes);
  await expect(context.fetch("0".repeat(64))).rejects.toMatchObject({ code: "E_ARTIFACT_MISSING" });
});

test("a name that isn't a relative path is refused", async () => {
  const context = createStageContext(base);
  await expect(context.putJson("../a.json", {})).rejects.toThrow(/artifact name/);
});

test("the same spec gives the same ids, another iteration another run", () => {
  const first = createStageContext(base);
  const later = createStageContext({ ...base, iteration: 1 });
  expect(createStageContext(base).runId).toBe(first.runId);
  expect(later.candidateId).toBe(first.candidateId);
  expect(later.runId).not.toBe(first.runId);
});

test("abort and progress are seen on both sides", () => {
  const context = createStageContext(base);
  context.progress("half way");
  context.abort("deadline");
  expect(context.steps).toEqual(["half way"]);
  expect(() => context.signal.throwIfAborted()).toThrow("deadline");
});
