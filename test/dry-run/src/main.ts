/** `npm run dry-run`: runs a mesh, sends nine candidates through it, checks what came of it. */
import { SANDBOX_SETTINGS, type SandboxSetting } from "@baton/sandbox";
import { type Format, runMain } from "@baton/terminal";
import { Command, Option } from "commander";

interface Given {
  readonly seed?: string;
  readonly keepRunning?: boolean;
  readonly traces?: boolean;
  readonly data?: string;
  readonly output?: Format;
  readonly json?: boolean;
  readonly sandbox: SandboxSetting;
}

const program = new Command("npm run dry-run --")
  .description("run a mesh, send nine candidates through it, check what came of it")
  .option(
    "--seed <number>",
    "replace the candidates' seeds; the same seed gives the same artifacts",
  )
  .option("--keep-running", "leave the mesh running at the end, until Ctrl-C")
  .option("--traces", "also start a tracing UI; mesh and UI go on at the end, until Ctrl-C")
  .option("--data <folder>", "a new folder for the evidence (default: .baton/dry-run/<time>)")
  .addOption(
    new Option("--sandbox <setting>", "off: run strategies and their tests unprotected")
      .choices(SANDBOX_SETTINGS)
      .default("required")
      .env("BATON_SANDBOX"),
  )
  .addOption(
    new Option("-o, --output <format>", "how the summary is printed").choices(["table", "json"]),
  )
  .option("--json", "the same as -o json")
  .addHelpText(
    "after",
    `
Examples:
  npm run dry-run                everything, in under a minute
  npm run dry-run -- --seed 7    with other random draws; twice gives the same bytes
  npm run dry-run -- --traces    prints the page on which the first candidate's trace is drawn
  npm run dry-run -- --json      for a program: the summary as JSON

One candidate passes, one goes through an incident, one is stopped by a gate, one is retried, one goes to a
person, one is a duplicate, and one's lane is killed at work. Exit code 0 if all is as it should be, 1 if
something differs.
The ten latest folders are kept.
`,
  )
  .configureOutput({ outputError: () => undefined })
  .exitOverride()
  .action(async ({ seed, keepRunning, traces, data, output, json, sandbox }: Given) => {
    const { runDryRun } = await import("./run-dry-run.ts");
    await runDryRun({
      ...(seed !== undefined && { seed }),
      ...(keepRunning !== undefined && { keepRunning }),
      ...(traces !== undefined && { traces }),
      data,
      sandbox,
      format: json === true ? "json" : (output ?? "table"),
    });
  });

const args = process.argv.slice(2);
await runMain(args, () => program.parseAsync(args, { from: "user" }));
