import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton watch [ID]` */
export function register(program: Command): void {
  program
    .command("watch")
    .description("print a line for every move, as it happens; Ctrl-C ends it")
    .argument("[candidateId]", "only this candidate; ends when it is closed")
    .addHelpText(
      "after",
      examples([
        ["baton watch", "every candidate"],
        ["baton watch cand-1f2e3d4c5b6a", "one: where it stands, then its moves"],
        ["baton watch --json | jq .reason", "one JSON object a line"],
      ]),
    )
    .action(async (id: string | undefined, _options: object, command: Command) => {
      const { watch } = await import("../watch/watch.ts");
      await watch(id, globalsOf(command));
    });
}
