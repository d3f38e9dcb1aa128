import type { GateCheck } from "@baton/artifacts";

import { checksOf } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { GatePolicy } from "./gate-policy.ts";

const gate = checksOf("gate4_operational_readiness");

/** Can it be operated: tested, listed under the name it is switched off by, and made again from what is recorded? */
export function gate4(evidence: Evidence, policy: GatePolicy): GateCheck[] {
  return [
    ...testChecks(evidence, policy.gate4_operational_readiness),
    ...identityChecks(evidence),
    ...drillChecks(evidence),
  ];
}

function testChecks(
  { tests }: Evidence,
  limits: GatePolicy["gate4_operational_readiness"],
): GateCheck[] {
  const report = tests.found?.value;
  return [
    gate.atLeast({
      checkId: "passed_tests",
      title: "tests of the plugin that passed",
      from: [tests],
      measured: report?.passed,
      threshold: limits.minPassedTests,
      means: "it was never tested",
    }),
    gate.atMost({
      checkId: "failed_tests",
      title: "tests of the plugin that failed",
      from: [tests],
      // The list is believed over the count.
      measured: report && report.tests.filter(({ result }) => result !== "pass").length,
      threshold: 0,
      means: "the plugin's own tests refuse it",
    }),
  ];
}

function identityChecks({ plugin, tests, catalog, evaluation, research }: Evidence): GateCheck[] {
  const source = plugin.found?.value.sourceSha256;
  const others = [
    tests.found?.value.sourceSha256,
    catalog.found?.value.sourceSha256,
    evaluation.found?.value.reproducibility.plugin.source,
  ];
  const recorded = evaluation.found?.value.reproducibility;
  return [
    gate.atMost({
      checkId: "other_sources",
      title: "of test report, catalogue and backtest: about another source",
      from: [plugin, tests, catalog, evaluation],
      measured: others.filter((other) => source === undefined || other !== source).length,
      threshold: 0,
      means: "what is listed, tested and measured isn't the same strategy",
    }),
    gate.exactly({
      checkId: "recorded_spec",
      title: "specification that the backtest recorded, by digest",
      from: [research, evaluation],
      measured: recorded?.spec,
      threshold: research.found?.value.specSha256,
      means: "the figures can't be made again from what is recorded",
    }),
  ];
}

function drillChecks({ stages: seen }: Evidence): GateCheck[] {
  const stage = "rollback-readiness";
  return [
    gate.later({ checkId: "kill_switch", title: "kill switch, really run", stage, seen }),
    gate.later({ checkId: "revert", title: "GitOps revert, really run", stage, seen }),
    gate.later({ checkId: "disable", title: "strategy disabled, really run", stage, seen }),
    gate.later({
      checkId: "policy_dry_run",
      title: "policy of the promotion, run dry",
      stage: "policy-dry-run",
      seen,
    }),
  ];
}
