import { readFileSync } from "node:fs";
import { join } from "node:path";

import { STALE_LOCK_MS } from "@baton/gitops";
import { OUTAGE_PAUSE_MS } from "@baton/lanekit";
import { isOutage } from "@baton/playbook";
import { expect, test } from "vitest";

const file = join(import.meta.dirname, "../../../playbooks/baton.yaml");

test("a lock that a killed git leaves now is taken away before any stage is given up for it", () => {
  expect(isOutage({ class: "transient", code: "E_GIT_LOCKED" })).toBe(true);
  const text = readFileSync(file, "utf8");
  const deadlines = [...text.matchAll(/^ +deadlineSeconds: (\d+)$/gm)].map(([, s]) => Number(s));
  expect(deadlines).toHaveLength([...text.matchAll(/^ +- stage:/gm)].length);
  // One try meets the lock when it is old enough and takes it away, the next one gets through.
  const neededMs = STALE_LOCK_MS + 2 * OUTAGE_PAUSE_MS.longest;
  expect(Math.min(...deadlines) * 1000).toBeGreaterThan(neededMs);
});
