import { emptyResource } from "@opentelemetry/resources";
import { expect, onTestFinished, test } from "vitest";

import { createMetrics } from "./metrics.ts";
import { createTally } from "./tally.ts";

test("every combination of labels is counted on its own and shown as a counter", async () => {
  const metrics = createMetrics(emptyResource());
  onTestFinished(() => metrics.shutdown());
  const tally = createTally(metrics.meter, "baton_things", {
    description: "Things",
    labels: ["reason", "stage"],
  });
  tally.add({ reason: "PASSED", stage: "build" });
  tally.add({ stage: "build", reason: "PASSED" });
  tally.add({ reason: "FAILED", stage: "build" });
  const lines = (await metrics.collectPrometheus()).split("\n");
  expect(lines).toContain("# TYPE baton_things_total counter");
  expect(lines).toContain('baton_things_total{reason="PASSED",stage="build"} 2');
  expect(lines).toContain('baton_things_total{reason="FAILED",stage="build"} 1');
  tally.add({ reason: "PASSED", stage: "build" });
  expect(await metrics.collectPrometheus()).toContain('{reason="PASSED",stage="build"} 3');
});
