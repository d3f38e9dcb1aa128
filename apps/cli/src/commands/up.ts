import { type Command, Option } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton up` */
export function register(program: Command): void {
  program
    .command("up")
    .description("run the whole mesh on this machine until Ctrl-C")
    // Read by the program, whose option of that name means the same folder to all other commands.
    .option("--data <folder>", "where it keeps its data (default: .baton/mesh)")
    .option("--ephemeral", "use a temporary folder and remove it at the end")
    .option("--sync-always", "sync every write to the disk before it is acknowledged", true)
    .option("--no-sync-always", "leave that to the system: faster, but a power loss loses writes")
    .option("--port <number>", "port of the NATS server; 0 takes any free one", "4222")
    .option("--http-port <number>", "first port of the services; 0 takes free ones", "0")
    .option("--monitor-port <number>", "also serve the NATS server's monitoring, to everybody here")
    .option("--playbook <file>", "playbook of new candidates (default: playbooks/baton.yaml)")
    .option("--people <file>", "key registry, see docs/people.md (default: one of its own)")
    .option("--without <lane...>", "don't start this lane: you run it, see docs/write-a-lane.md")
    .option("--traces", "also start a tracing UI, see docs/tracing.md, and send every run to it")
    .option("--no-drills", "refuse candidates that inject faults on purpose")
    .addOption(
      new Option("--sandbox <setting>", "off: run strategies and their tests unprotected")
        .choices(["required", "off"])
        .default("required")
        .env("BATON_SANDBOX"),
    )
    .option(
      "--make-lost-repositories",
      "make Git repositories anew, empty, that this mesh had and that are gone for good",
    )
    .addHelpText(
      "after",
      examples([
        ["baton up", "start, print the addresses, run until Ctrl-C"],
        ["baton up --ephemeral --port 0", "one more, beside whatever runs, leaving nothing behind"],
        [
          "baton up --data ./mine --port 0",
          "a second mesh; `baton --data ./mine get services` reads it",
        ],
        ["baton up --data ./mine --json", "for a program: one line of JSON per event"],
      ]) +
        "\nA service that dies is started again. Everything it needs to go on is in the data folder;\n" +
        "the same folder can be used again and again, by one mesh at a time.\n",
    )
    .action(async (options: UpOptions, command: Command) => {
      const { runUp } = await import("../up/run-up.ts");
      const { data, format } = globalsOf(command);
      await runUp({ ...options, data, format });
    });
}

interface UpOptions {
  readonly ephemeral?: boolean;
  readonly syncAlways: boolean;
  readonly port: string;
  readonly httpPort: string;
  readonly monitorPort?: string;
  readonly playbook?: string;
  readonly people?: string;
  readonly without?: readonly string[];
  readonly traces?: boolean;
  readonly drills: boolean;
  readonly sandbox: "required" | "off";
  readonly makeLostRepositories?: boolean;
}
