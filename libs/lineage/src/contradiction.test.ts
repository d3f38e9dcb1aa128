import { canonicalJson } from "@baton/contracts";
import { expect, test } from "vitest";

import { contradictionIn, type Root } from "./contradiction.ts";
import { digest, folds, HONEST, ref, root, SUBMITTED, walked } from "./testing/honest.ts";

const heldAgainst = (name: string, content: unknown, of: Root = root) =>
  contradictionIn(of, ref(name), () =>
    typeof content === "string" ? content : canonicalJson(content),
  );

test.each(Object.keys(HONEST))("%s as an honest lane writes it contradicts nothing", (name) => {
  expect(heldAgainst(name, HONEST[name])).toBeUndefined();
});

test("gates are judged by the policy that the run's playbook asks for; where it asks for none, by any", () => {
  const name = "gates/gate-evaluation.json";
  const of = { ...root, gatePolicy: digest("a") };
  const by = (policySha256: string) => ({ ...HONEST[name], policySha256 });
  expect(heldAgainst(name, by(digest("a")), of)).toBeUndefined();
  expect(heldAgainst(name, by(digest("b")))).toBeUndefined();
  expect(heldAgainst(name, by(digest("b")), of)).toMatch(
    /^policySha256 is "b+…?"?; by the dispatch it is "a+/,
  );
  expect(heldAgainst(name, HONEST[name], of)).toMatch(/^policySha256 is nothing; by the dispatch/);
  // Other gates have no thresholds of their own.
  expect(
    heldAgainst("gates/shadow-paper.json", HONEST["gates/shadow-paper.json"], of),
  ).toBeUndefined();
});

type Change = readonly [path: readonly (string | number)[], value: unknown, says: RegExp];

/** Every place of an artifact that follows from the specification, with what somebody else would like there. */
const CHANGES: Readonly<Record<string, readonly Change[]>> = {
  "research/candidate-spec.json": [
    [
      ["spec", "promotion"],
      { target: "live", notional: 50_000_000 },
      /spec.promotion is .*50000000.*by the dispatch it is .*1000/,
    ],
    [["spec", "costBps"], 0, /spec.costBps is 0; by the dispatch it is 5/],
    [["spec", "drills"], { dataSourceFailures: 1 }, /spec.drills .* nothing/],
    [["specSha256"], digest("0"), /specSha256/],
    [["trials", 0, "parameters", "lookbackRows"], 10, /its trials/],
    [["trials", 0, "parameters", "afterFall"], -1, /its trials/],
    [["trials", 0, "warmUpRows"], 1, /its trials/],
    [["declaredTrials"], 1, /declaredTrials/],
    [["datasets", 1, "sha256"], digest("f"), /the file of OWN/],
    [["datasets", 0, "instrument"], "NDX", /its instruments/],
    [["datasets", 0, "holdout", "rows"], 1, /the rows held back of SPX/],
  ],
  "research/dataset-manifest.json": [
    [["datasets", 1, "format"], { decimal: "," }, /the format of OWN is .* it is nothing/],
    [["holdoutRows"], 60, /holdoutRows/],
    [["datasets", 1, "sha256"], digest("f"), /the file of OWN/],
    [["datasets", 0, "instrument"], "NDX", /its instruments/],
    [["datasets", 1, "holdout", "rows"], 1, /the rows held back of OWN/],
  ],
  "build/plugin.json": [
    [["plugin"], "sma-cross", /plugin/],
    [["specSha256"], digest("0"), /specSha256/],
    [["sourceSha256"], digest("0"), /the digest of the source/],
    [["parameterSets", 1, "bounds", "most"], 50, /its parameter sets/],
  ],
  "build/test-report.json": [
    [["sourceSha256"], digest("0"), /the digest of the source/],
    [["datasets", 1, "sha256"], digest("0"), /the file of OWN/],
  ],
  "build/catalog-entry.json": [
    [["strategyId"], "other", /strategyId/],
    [["version"], "0".repeat(12), /version/],
    [["path"], "../../../etc/passwd", /path is "..\/..\/..\/etc\/passwd"/],
    [["title"], "Other", /title/],
    [["instruments", 0], "NDX", /its instruments/],
    [["parameterSets", 0, "lookbackRows"], 1, /its parameter sets/],
    [["sourceSha256"], digest("0"), /the digest of the source/],
  ],
  "backtest/walkforward-results.json": [
    [["costBps"], 0, /costBps/],
    [["grid", 0, "lookbackRows"], 1, /its grid/],
    [["inputs", 0, "sha256"], digest("0"), /the digest of research\/candidate-spec.json/],
    [
      ["scheme", "trainRows"],
      504,
      /its windows is .*"trainRows":504.*; by the dispatch it is .*1008/,
    ],
    [["scheme", "purgeRows"], 0, /its windows/],
    [["instruments", 0, "instrument"], "NDX", /the instruments walked through/],
    [["instruments", 1, "folds", 2, "train", "from"], 705, /the folds of OWN/],
    [["instruments", 0, "folds", 0, "test", "to"], 1400, /the folds of SPX/],
    [["instruments", 0, "folds"], folds.slice(1), /the folds of SPX/],
    [["instruments", 0, "research", "to"], 1e15, /the folds of SPX/],
  ],
  "gates/fold-metrics-v1.json": [
    [["folds", 1, "test", "from"], 1466, /the test rows of fold 1 on SPX/],
    [["leakage", "leastGapRows"], 60, /leastGapRows/],
  ],
  "backtest/evaluation-report.json": [
    [["reproducibility", "spec"], digest("0"), /reproducibility.spec/],
    [["reproducibility", "seed"], 2, /reproducibility.seed/],
    [["reproducibility", "plugin", "source"], digest("0"), /the digest of the source/],
    [["reproducibility", "datasets", 1, "sha256"], digest("0"), /the file of OWN/],
    [["assumptions", "costBps"], 0, /assumptions.costBps/],
    [["assumptions", "holdoutRows"], 0, /assumptions.holdoutRows/],
    [["expectation", "atLeast"], -9, /expectation.atLeast/],
    [["trials", "declared"], 1, /trials.declared/],
    [["data", 1, "sha256"], digest("0"), /the file of OWN/],
    [["chosen", 0, "instrument"], "NDX", /the instruments chosen for/],
    [["chosen", 0, "parameters", "lookbackRows"], 7, /the parameters chosen for SPX/],
    [["chosen", 0, "index"], 9, /the parameters chosen for SPX/],
  ],
  "gates/shadow-paper.json": [
    [["promotionTarget"], "live", /promotionTarget is "live"; by the dispatch it is "shadow"/],
    [["sourceSha256"], digest("0"), /the digest of the source/],
    [["inputs", 0, "sha256"], digest("0"), /the digest of gates\/gate-evaluation.json/],
  ],
  "gates/live-ramp.json": [[["steps", 0, "notional"], 50_000_000, /the largest notional/]],
};

function changed(
  value: unknown,
  [key, ...path]: readonly (string | number)[],
  to: unknown,
): unknown {
  if (key === undefined) return to;
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? changed(item, path, to) : item));
  const object = Object(value);
  return { ...object, [key]: changed(object[key], path, to) };
}

const everyChange = Object.entries(CHANGES).flatMap(([name, changes]) =>
  changes.map((change) => [name, change[0].join("."), change] as const),
);

test.each(everyChange)("%s with another %s is told from the dispatch's", (name, _, change) => {
  const [path, to, says] = change;
  expect(heldAgainst(name, changed(HONEST[name], path, to))).toMatch(says);
});

const named = Object.entries(HONEST);

/** Each artifact with one key changed or taken away. */
const variants = (keys: (name: string, key: string) => boolean) =>
  named.flatMap(([name, honest]) =>
    Object.keys(honest)
      .filter((key) => keys(name, key))
      .map((key) => [name, key] as const),
  );

test.each(variants((_, key) => key === "candidateId" || key === "runId"))(
  "%s with another %s is refused",
  (name, key) => {
    const other = { ...HONEST[name], [key]: "cand-ffffffffffff" };
    expect(heldAgainst(name, other)).toContain(key);
  },
);

test.each(Object.keys(HONEST))("%s of another version or form is refused", (name) => {
  const other = { ...HONEST[name], schemaVersion: "baton.other.v1" };
  expect(heldAgainst(name, other)).toMatch(/^it isn't a baton/);
  expect(heldAgainst(name, "not JSON")).toMatch(/^it isn't a baton/);
});

/** What a form may leave out, or the lanes' own schemas ask for. */
const OPTIONAL = ["candidateId", "runId", "inputs", "steps", "promotionTarget"];

test.each(
  variants(
    (name, key) =>
      !OPTIONAL.includes(key) && !(name.startsWith("gates/") && key === "sourceSha256"),
  ),
)("%s without its %s is refused: leaving it out is no way around", (name, key) => {
  const { [key]: _, ...rest } = HONEST[name] ?? {};
  expect(heldAgainst(name, rest)).toBeDefined();
});

test("windows of the specification's own are the only ones that count, whatever it leaves out", () => {
  const name = "backtest/walkforward-results.json";
  const own = { trainRows: 504, testRows: 126 };
  const other: Root = { ...root, spec: { ...SUBMITTED, walkForward: own } };
  expect(heldAgainst(name, HONEST[name], other)).toMatch(
    /^its windows is .*"trainRows":1008.*; by the dispatch it is .*"trainRows":504/,
  );
  const scheme = { firstRow: 200, trainRows: 504, purgeRows: 5, embargoRows: 0, testRows: 126 };
  const spans = Array.from({ length: 10 }, (_, fold) => ({
    train: { from: 200 + fold * 126, to: 704 + fold * 126 },
    test: { from: 709 + fold * 126, to: 835 + fold * 126 },
  }));
  const instruments = walked.map((of) => ({ ...of, folds: spans }));
  const honest = { ...HONEST[name], scheme, instruments };
  expect(heldAgainst(name, honest, other)).toBeUndefined();
  expect(heldAgainst(name, honest)).toMatch(/^its windows/);
});

test("what an earlier run of the candidate made counts with that run, and with what it was made from", () => {
  const later: Root = { ...root, runId: "run-fffffffffff0" };
  const name = "backtest/walkforward-results.json";
  const before = changed(HONEST[name], ["inputs", 0, "sha256"], digest("0"));
  expect(heldAgainst(name, before, later)).toBeUndefined();
});

test("under a specification that isn't one nothing follows, and nobody may claim one", () => {
  const other: Root = { ...root, spec: { anything: 1 } };
  expect(
    heldAgainst("research/candidate-spec.json", HONEST["research/candidate-spec.json"], other),
  ).toMatch(/the dispatch has no valid one/);
  expect(heldAgainst("research/candidate-spec.json", "bytes", other)).toBeUndefined();
  expect(heldAgainst("build/plugin.json", "bytes", other)).toBeUndefined();
});

test("an artifact that follows from nothing isn't even looked at", () => {
  const text = () => {
    throw new Error("looked at");
  };
  expect(contradictionIn(root, ref("observed/build.json"), text)).toBeUndefined();
});
