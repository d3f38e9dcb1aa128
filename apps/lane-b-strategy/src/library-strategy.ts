/** A strategy of the library's: written out of its template, and held against the library by a test that was generated with it. */
import { type StageContext, StageFailure } from "@baton/lanekit";
import { type GeneratedPlugin, generatePlugin } from "@baton/templates";

import type { BuildInputs, BuiltStrategy } from "./built-strategy.ts";
import { runGeneratedTest, secondOpinionLibrary, type TestResult } from "./generated-test.ts";
import { testDataFor, TESTS } from "./test-data.ts";

/** Generates and tests it; `templates` is another folder only in tests. Throws a StageFailure if a test fails. */
export async function buildLibraryStrategy(
  context: StageContext,
  inputs: BuildInputs,
  templates?: string,
): Promise<BuiltStrategy> {
  context.progress("generating the strategy");
  const generated = await generatePlugin(inputs.research, templates);
  context.progress("running its test");
  const tests = await tested(context, inputs, generated);
  const { source, sourceSha256, testSha256, catalogEntry } = generated;
  const { version } = await secondOpinionLibrary();
  return {
    source,
    sourceSha256,
    testSha256,
    secondOpinion: version,
    catalogEntry,
    beside: { "test.ts": generated.test, "second-opinion.ts": generated.secondOpinion },
    tests,
  };
}

async function tested(
  { signal }: StageContext,
  { research, loaded, sandbox }: BuildInputs,
  generated: GeneratedPlugin,
): Promise<TestResult[]> {
  const data = testDataFor(research, loaded);
  const results = await runGeneratedTest({
    sandbox,
    signal,
    entry: "strategy.test.ts",
    reporter: "line-reporter.ts",
    expectedTests: TESTS.alone + TESTS.perPanel * data.panels.length,
    files: {
      "strategy.ts": generated.source,
      "strategy.test.ts": generated.test,
      "second-opinion.ts": generated.secondOpinion,
      "line-reporter.ts": generated.reporter,
      "catalog-entry.json": JSON.stringify(generated.catalogEntry),
      "data.json": JSON.stringify(data),
    },
  });
  const failed = results.filter(({ result }) => result === "fail");
  const [first] = failed;
  if (first === undefined) return results;
  throw new StageFailure({
    class: "deterministic",
    code: "E_PLUGIN_TEST",
    message: `${failed.length} of ${results.length} generated tests failed, first "${first.name}": ${first.message?.slice(0, 600) ?? "no message"}`,
    action: "Correct the strategy's template in lane B, deploy it, then resume.",
  });
}
