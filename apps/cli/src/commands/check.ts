import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton check` */
export function register(program: Command): void {
  program
    .command("check")
    .description("check the invariants J1 to J9 of the mesh that `baton up` runs, from outside")
    .option("--playbook <file>", "playbook that it runs (default: playbooks/baton.yaml)")
    .addHelpText(
      "after",
      examples([
        ["baton check", "exit 0 if all hold, 5 otherwise"],
        ["baton check --json", "what was checked and what breaks it, for a program"],
      ]) + "\nThe checker shares no code with the services. What is under way is left out of J5.\n",
    )
    .action(async (options: { playbook?: string }, command: Command) => {
      const { check } = await import("../check/check.ts");
      await check({ ...options, ...globalsOf(command) });
    });
}
