import { expect, test } from "vitest";

import { loadSource, sourceCheck, SourceError } from "./strategy-source.ts";
import { sampleBars, SOURCE } from "./testing/sample-inputs.ts";

const bars = sampleBars(120);
const trial = { instrument: "AAA", parameters: { fast: 5, slow: 20 }, bars };

test("A built plugin is run as it is, types and all.", async () => {
  const source = await loadSource(SOURCE, "sma-cross");
  expect(source.targets([bars], trial.parameters)[0]).toHaveLength(120);
});

test("Equal targets are counted, and the first difference is told.", async () => {
  const source = await loadSource(SOURCE, "sma-cross");
  const [targets = []] = source.targets([bars], trial.parameters);
  const check = sourceCheck(source);
  check.compare({ ...trial, targets });
  expect([check.compared, check.differing, check.first]).toEqual([120, 0, null]);
  check.compare({ ...trial, targets: targets.map((target, row) => (row === 70 ? 9 : target)) });
  expect([check.compared, check.differing]).toEqual([240, 1]);
  expect(check.first).toMatch(/^AAA, \{"fast":5,"slow":20\}, row 70: built [01], expected 9$/);
});

test("A plugin that gives too few targets differs in every row that is missing.", async () => {
  const source = await loadSource(
    'export const name = "short"; export const targets = () => [[0]];',
    "short",
  );
  const check = sourceCheck(source);
  check.compare({ ...trial, targets: bars.map(() => 0) });
  expect([check.compared, check.differing]).toEqual([120, 119]);
});

test.each([
  ["no function", 'export const name = "x"; export const targets = 1;'],
  ["another name", 'export const name = "y"; export const targets = () => [];'],
  ["an import of a package", 'import "zod"; export const name = "x";'],
  ["an import of a file", 'import "./lane.ts"; export const name = "x";'],
  ["what isn't TypeScript", "export const ="],
])("A source with %s is refused.", async (_, source) => {
  await expect(loadSource(source, "x")).rejects.toThrow(SourceError);
});
