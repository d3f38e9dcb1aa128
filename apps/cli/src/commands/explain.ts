import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton explain ID` */
export function register(program: Command): void {
  program
    .command("explain")
    .description(
      "say in one sentence why a candidate stands where it stands, and the one thing to do",
    )
    .argument("<candidateId>")
    .addHelpText("after", examples([["baton explain cand-1f2e3d4c5b6a", "why, and what next"]]))
    .action(async (id: string, _options: object, command: Command) => {
      const { explain } = await import("../explain/explain.ts");
      await explain(id, globalsOf(command));
    });
}
