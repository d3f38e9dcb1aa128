import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton logs ID` */
export function register(program: Command): void {
  program
    .command("logs")
    .description("print what a stage's program, such as a coding agent, wrote: the end of it")
    .argument("<candidateId>")
    .option("--stage <stage>", "at this stage (default: the latest that has any)")
    .option("--attempt <n>", "of this attempt (default: the latest)")
    .option("--run <runId>", "of this run (default: the latest)")
    .addHelpText(
      "after",
      examples([
        ["baton logs cand-1f2e3d4c5b6a", "the latest attempt's"],
        ["baton logs cand-1f2e3d4c5b6a --stage candidate-build --attempt 1", "the first one's"],
      ]),
    )
    .action(async (id: string, options: LogsOptions, command: Command) => {
      const { logs } = await import("../logs/logs.ts");
      await logs(id, { ...options, ...globalsOf(command) });
    });
}

interface LogsOptions {
  readonly stage?: string;
  readonly attempt?: string;
  readonly run?: string;
}
