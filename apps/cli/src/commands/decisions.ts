import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

const VERBS = [
  ["approve", "let a candidate enter the stage it waits for", "read the gate report"],
  ["reject", "refuse what a candidate asks for; closes it", "the drawdown is too large"],
  ["pause", "put a candidate on hold; what is in flight may finish", "exchange closed early"],
  ["resume", "lift a hold, or run a failed stage again", "data source is back"],
  ["send-back", "start again with your reason attached, as a new run", "widen the universe"],
  ["cancel", "close a candidate whatever it does", "superseded"],
] as const;

/** `baton approve|reject|pause|resume|send-back|cancel ID` */
export function register(program: Command): void {
  for (const [verb, effect, why] of VERBS) {
    const command = program
      .command(verb)
      .description(effect)
      .argument("<candidateId>")
      .requiredOption("--why <text>", "the reason; it is kept in the journal")
      .option("--as <name>", "who asks (default: the name of your key, see `baton whoami`)")
      .option("--timeout <duration>", "longest wait for the receipt", "10s");
    if (verb === "approve") {
      command
        .option(
          "--evidence <sha256>",
          "digest of the evidence you saw; refused if it is another by now",
        )
        .option("-y, --yes", "don't ask; needed where there is no terminal");
    }
    command
      .addHelpText(
        "after",
        examples([[`baton ${verb} cand-1f2e3d4c5b6a --why "${why}"`, "and print the receipt"]]),
      )
      .action(async (id: string, options: DecisionOptions, invoked: Command) => {
        const { decideOn } = await import("../decisions/decide-on.ts");
        await decideOn(verb, id, { ...options, ...globalsOf(invoked) });
      });
  }
}

interface DecisionOptions {
  readonly why: string;
  readonly as?: string;
  readonly timeout: string;
  readonly evidence?: string;
  readonly yes?: boolean;
}
