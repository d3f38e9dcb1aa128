/** What a coordinator refuses to start with. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { spawnService, temporaryFolder } from "@baton/testkit";
import { expect, test } from "vitest";

import { FAILURES_PLAYBOOK } from "./failures-world.ts";

test("a cap of deliveries that would cut off the playbook's last retries is refused, with both settings named", async () => {
  using folder = temporaryFolder("start");
  const file = join(folder.path, "playbook.json");
  writeFileSync(file, JSON.stringify(FAILURES_PLAYBOOK));
  const coordinator = spawnService("apps/coordinator/src/main.ts", {
    BATON_PLAYBOOK: file,
    BATON_MAX_DELIVER: "3",
    // Nothing has to be there: it's refused before anything is made to fit.
    BATON_NATS_URL: "nats://127.0.0.1:9",
  });
  expect((await coordinator.exited).code).toBe(3);
  expect(coordinator.output()).toContain(
    "BATON_MAX_DELIVER is 3, but the playbook's failurePolicies.transient.maxRetries is 3 (stage make)",
  );
}, 20_000);
