import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton restart` */
export function register(program: Command): void {
  program
    .command("restart")
    .description("end one service of the mesh that `baton up` runs here, and wait for the next")
    .argument(
      "<service>",
      "coordinator, lane-a … lane-f, escalation, metrics, paper-…, nats-server",
    )
    .addHelpText(
      "after",
      examples([
        ["baton restart lane-c", "what it worked on is delivered again"],
        ["baton restart nats-server", "the others wait for it and go on"],
      ]),
    )
    .action(async (service: string, _options: object, command: Command) => {
      const { restartService } = await import("../up/restart-service.ts");
      await restartService(service, globalsOf(command));
    });
}
