import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton trace ID` */
export function register(program: Command): void {
  program
    .command("trace")
    .description("draw where a run's time went: queue, lane, coordinator, people")
    .argument("<candidateId>")
    .option("--run <runId>", "only this run (default: all of them)")
    .addHelpText(
      "after",
      examples([
        ["baton trace cand-1f2e3d4c5b6a", "a waterfall of every handoff"],
        ["baton trace cand-1f2e3d4c5b6a --run run-0a1b2c3d4e5f -o json", "the numbers"],
      ]),
    )
    .action(async (id: string, options: { run?: string }, command: Command) => {
      const { trace } = await import("../trace/trace.ts");
      await trace(id, { ...options, ...globalsOf(command) });
    });
}
