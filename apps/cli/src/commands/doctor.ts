import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton doctor` */
export function register(program: Command): void {
  program
    .command("doctor")
    .description(
      "examine server, streams, consumers and candidates; name each fault and its repair",
    )
    .option("--deep", "also read all that is stored, and name what a disk has lost")
    .addHelpText(
      "after",
      examples([
        ["baton doctor", "exit 0 if healthy, 8 otherwise"],
        ["baton doctor --json", "for a monitor"],
        ["baton doctor --deep", "reads everything once"],
      ]),
    )
    .action(async ({ deep }: { deep?: boolean }, command: Command) => {
      const { doctor } = await import("../doctor/doctor.ts");
      await doctor(globalsOf(command), deep);
    });
}
