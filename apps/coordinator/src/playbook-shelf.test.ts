import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { readPlaybook } from "./playbook-shelf.ts";

const OWN = readFileSync(join(import.meta.dirname, "../../../playbooks/baton.yaml"), "utf8");

test("an executor that a stage can't take is told with file, path and line", async () => {
  const folder = temporaryFolder("playbook");
  onTestFinished(() => folder.remove());
  const file = join(folder.path, "mine.yaml");
  const executor = "    executor: { command: { agent: codex } }\n";
  const text = OWN.replace("    lane: lane-d\n", `    lane: lane-d\n${executor}`);
  writeFileSync(file, text);
  const line = text.split("\n").indexOf(executor.trimEnd()) + 1;
  await expect(readPlaybook(file)).rejects.toMatchObject({
    code: "E_PLAYBOOK",
    message: expect.stringMatching(
      new RegExp(`mine\\.yaml: \\n +stages\\.3\\.executor .*lane-d judges.*\\(line ${line}\\)$`),
    ),
  });
});
