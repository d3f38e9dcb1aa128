/**
 * The command line's shape. Each file in `commands/` registers one verb and loads what the verb needs only when it runs:
 * `--help` must not wait for a NATS client.
 */
import { note } from "@baton/terminal";
import { Command, Help, Option } from "commander";

import { register as registerArtifacts } from "./commands/artifacts.ts";
import { register as registerAudit } from "./commands/audit.ts";
import { register as registerCheck } from "./commands/check.ts";
import { register as registerCompletion } from "./commands/completion.ts";
import { register as registerControls } from "./commands/controls.ts";
import { register as registerDecisions } from "./commands/decisions.ts";
import { register as registerDescribe } from "./commands/describe.ts";
import { register as registerDoctor } from "./commands/doctor.ts";
import { register as registerExplain } from "./commands/explain.ts";
import { register as registerGet } from "./commands/get.ts";
import { register as registerGuard } from "./commands/guard.ts";
import { register as registerLimits } from "./commands/limits.ts";
import { register as registerLogin } from "./commands/login.ts";
import { register as registerLogs } from "./commands/logs.ts";
import { register as registerNatsConfig } from "./commands/nats-config.ts";
import { register as registerPolicy } from "./commands/policy.ts";
import { register as registerReasons } from "./commands/reasons.ts";
import { register as registerRestart } from "./commands/restart.ts";
import { register as registerSubmit } from "./commands/submit.ts";
import { register as registerTrace } from "./commands/trace.ts";
import { register as registerTrust } from "./commands/trust.ts";
import { register as registerUp } from "./commands/up.ts";
import { register as registerWatch } from "./commands/watch.ts";
import { refuseContradictions } from "./contradictions.ts";
import { unknownVariables } from "./unknown-variables.ts";

const GROUPS: readonly { heading: string; registrars: readonly ((program: Command) => void)[] }[] =
  [
    {
      heading: "Run:",
      registrars: [registerUp, registerRestart, registerNatsConfig],
    },
    {
      heading: "Submit and decide:",
      registrars: [registerLogin, registerTrust, registerSubmit, registerDecisions],
    },
    { heading: "Stop and recover:", registrars: [registerControls, registerLimits] },
    {
      heading: "Look:",
      registrars: [
        registerGet,
        registerDescribe,
        registerExplain,
        registerReasons,
        registerWatch,
        registerTrace,
        registerLogs,
        registerArtifacts,
      ],
    },
    {
      heading: "Check:",
      registrars: [registerDoctor, registerCheck, registerAudit, registerGuard, registerPolicy],
    },
    { heading: "Shell:", registrars: [registerCompletion] },
  ];

const EXIT_CODES = `
Exit codes: 0 ok, 2 usage, 3 invalid input, 4 not found, 5 refused by a guard or gate, 6 conflict, 7 limit, 8 unavailable,
9 not authorised, 70 a fault of Baton, 130 interrupted.

Server: that of --server or --data, else BATON_NATS_URL, else the mesh that your own \`baton up\` runs, else
nats://127.0.0.1:4222.
`;

/** Those that the command doesn't give a meaning of its own, which its help has instead. */
function globalOptionsOf(this: Help, command: Command): Option[] {
  const own = command.options.map(({ long }) => long);
  return Help.prototype.visibleGlobalOptions
    .call(this, command)
    .filter(({ long }) => !own.includes(long));
}

/** The whole program, ready to parse; it throws commander's errors instead of ending the process. */
export function createProgram(version = "0.0.0"): Command {
  const program = new Command("baton")
    .description(
      "Runs strategy candidates through a playbook of stages: one baton each, one holder at a time.",
    )
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help, with examples")
    .helpCommand("help [command]", "print help of a command")
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: globalOptionsOf })
    .option("-s, --server <url>", "address of the NATS server")
    .option("--data <folder>", "instead: data folder of the `baton up` that is meant")
    .addOption(
      new Option("-o, --output <format>", "how to print results").choices([
        "table",
        "json",
        "yaml",
      ]),
    )
    .option("--json", "the same as -o json; errors are JSON too")
    .addHelpText("after", EXIT_CODES)
    .hook("preAction", (_program, command) => {
      refuseContradictions(command);
      // At the prompt, where words are completed, nobody reads it.
      if (command.name() !== "complete") unknownVariables(process.env).forEach(note);
    });
  for (const { heading, registrars } of GROUPS) {
    program.commandsGroup(heading);
    for (const register of registrars) register(program);
  }
  return program;
}
