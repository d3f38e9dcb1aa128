import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton reasons [CODE]` */
export function register(program: Command): void {
  program
    .command("reasons")
    .alias("reason")
    .description("list the reason codes, or print all there is to know about one; needs no server")
    .argument("[code]", "a code, as `baton explain` names it")
    .addHelpText(
      "after",
      examples([
        ["baton reasons", "every code and what it means"],
        ["baton reasons GATE_FAILED", "what Baton does by itself, what to check, what to type"],
      ]),
    )
    .action(async (code: string | undefined, _options: object, command: Command) => {
      const { reasons } = await import("../reasons/reasons.ts");
      await reasons(code, globalsOf(command));
    });
}
