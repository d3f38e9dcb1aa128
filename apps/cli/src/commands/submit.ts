import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton submit FILE…` */
export function register(program: Command): void {
  program
    .command("submit")
    .description("submit candidates for a run through the playbook")
    .argument("<file...>", "specifications, YAML or JSON; '-' reads one from standard input")
    .option("--id <candidateId>", "id of the candidate (default: from the specification's digest)")
    .option("--as <name>", "who submits (default: the user of the operating system)")
    .option("--wait", "wait until it is closed or needs a person")
    .option(
      "--timeout <duration>",
      "longest wait: for the receipt (10s), with --wait for the end (24h)",
    )
    .option("--check", "only look: what is wrong, or what it would be; needs no server")
    .option(
      "--unchecked",
      "submit a document of another schema as it is, for a playbook that takes it",
    )
    .addHelpText(
      "after",
      examples([
        ["baton submit trend.yaml", "submit, print the receipt"],
        ["baton submit a.yaml b.yaml --wait", "submit two, follow both to the end"],
        [
          "baton submit own-data.yaml",
          "prices of your own: `csv: { path: ./prices.csv }` in the file",
        ],
        ["baton submit *.yaml --check", "name every mistake, send nothing"],
        ["make-spec | baton submit - --json", "from a program, for a program"],
      ]) +
        "\nThe same specification again is a duplicate: nothing starts, the original receipt is shown.\n" +
        "Everything is checked first, the prices too; of a file with a mistake nothing is stored or sent, the others go on.\n" +
        "Limits: 16 KiB per specification, 50 MB per CSV. With --wait: exit 0 if completed, 5 if it stopped short of it.\n",
    )
    .action(async (files: string[], options: SubmitOptions, command: Command) => {
      const { submit } = await import("../submit/submit.ts");
      await submit(files, { ...options, ...globalsOf(command) });
    });
}

interface SubmitOptions {
  readonly id?: string;
  readonly as?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly check?: boolean;
  readonly unchecked?: boolean;
}
