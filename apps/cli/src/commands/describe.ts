import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton describe ID` */
export function register(program: Command): void {
  program
    .command("describe")
    .alias("status")
    .description(
      "print everything about a candidate: state, timeline, attempts, artifacts, approvals",
    )
    .argument("<candidateId>")
    .addHelpText(
      "after",
      examples([
        ["baton describe cand-1f2e3d4c5b6a", "for people"],
        ["baton describe cand-1f2e3d4c5b6a -o yaml", "every field of every entry"],
      ]),
    )
    .action(async (id: string, _options: object, command: Command) => {
      const { describe } = await import("../describe/describe.ts");
      await describe(id, globalsOf(command));
    });
}
