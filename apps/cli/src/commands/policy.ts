import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";
import type { PolicyDiffOptions } from "../guard/policy-diff.ts";

/** `baton policy diff OLD NEW` */
export function register(program: Command): void {
  const policy = program.command("policy").description("compare playbooks before one is changed");
  policy
    .command("diff")
    .description(
      "what differs between two playbooks, and which past candidates would have gone another way",
    )
    .argument("<old>", "playbook file")
    .argument("<new>", "playbook file")
    .option("--journal", "decide the candidates of the mesh's journal again under the new one")
    .option("--limit <number>", "latest candidates that are decided again, at most", "1000")
    .option("--exit-code", "exit 5 if anything differs")
    .addHelpText(
      "after",
      examples([
        ["baton policy diff playbooks/baton.yaml next.yaml", "stages, edges, figures; no server"],
        [
          "baton policy diff playbooks/baton.yaml next.yaml --journal",
          "and what it would have meant for past candidates",
        ],
      ]),
    )
    .action(async (old: string, next: string, options: PolicyDiffOptions, command: Command) => {
      const { policyDiff } = await import("../guard/policy-diff.ts");
      await policyDiff({ old, next }, { ...options, ...globalsOf(command) });
    });
}
