import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { linkInPolicy } from "./link-in-policy.ts";

test("the trace's address is read from the policy that notifications are sent by; what has none says nothing", () => {
  const folder = temporaryFolder("policy");
  onTestFinished(() => folder.remove());
  const file = join(folder.path, "escalation.yaml");
  writeFileSync(file, "channels: []\nlinks: { trace: 'https://traces.example/{traceId}' }\n");
  expect(linkInPolicy(file)).toBe("https://traces.example/{traceId}");
  writeFileSync(file, "channels: [\n");
  expect(linkInPolicy(file)).toBeUndefined();
  expect([linkInPolicy(undefined), linkInPolicy(join(folder.path, "none"))]).toEqual([
    undefined,
    undefined,
  ]);
});
