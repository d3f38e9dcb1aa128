import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton dry-run` */
export function register(program: Command): void {
  program
    .command("dry-run")
    .description("run a mesh, send seven candidates through it, check what came of it")
    .option(
      "--seed <number>",
      "replace the candidates' seeds; the same seed gives the same artifacts",
    )
    .option("--keep-running", "leave the mesh running at the end, until Ctrl-C")
    .option("--data <folder>", "a new folder for the evidence (default: .baton/dry-run/<time>)")
    .addHelpText(
      "after",
      examples([
        ["baton dry-run", "everything, in under a minute"],
        ["baton dry-run --seed 7", "with other random draws; twice gives the same bytes"],
        ["baton dry-run --json", "for a program: the summary as JSON"],
      ]) +
        "\nOne candidate passes, one goes through an incident, one is stopped by a gate, one is retried, one goes to a\n" +
        "person, one is a duplicate, and one's lane is killed at work. Exit code 0 if all is as it should be, 1 if\n" +
        "something differs.\n" +
        "The ten latest folders are kept.\n",
    )
    .action(async (options: DryRunOptions, command: Command) => {
      const { runDryRun } = await import("../dry-run/run-dry-run.ts");
      const { data, format } = globalsOf(command);
      await runDryRun({ ...options, data, format });
    });
}

interface DryRunOptions {
  readonly keepRunning?: boolean;
  readonly seed?: string;
}
