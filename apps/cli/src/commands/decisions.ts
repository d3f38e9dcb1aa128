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

/** `baton approve|reject|pause|resume|send-back|cancel ID…` */
export function register(program: Command): void {
  for (const [verb, effect, why] of VERBS) {
    const command = program
      .command(verb)
      .description(effect)
      .argument("[candidateIds...]", "candidates; the beginning of an id will do")
      .requiredOption("--why <text>", "the reason; it is kept in the journal")
      .option("--as <name>", "who asks (default: the name of your key, see `baton whoami`)")
      .option("--holder <holder>", "instead of ids: all that this one holds")
      .option("--reason <code>", "instead of ids: all that stand for this reason")
      .option("--stage <stage>", "instead of ids: all at this stage")
      .option("--count <n>", "with filters: how many there shall be; needed off a terminal")
      .option("--timeout <duration>", "longest wait for each receipt", "10s");
    if (verb === "approve") {
      command
        .option(
          "--evidence <sha256>",
          "digest of the evidence you saw; refused if it is another by now",
        )
        .option("-y, --yes", "don't ask; needed where there is no terminal");
    }
    if (verb === "resume") {
      command
        .option("--budget-tokens <n>", "let it spend so many tokens more than the playbook says")
        .option("--budget-money <amount>", "the same in the currency unit that prices are in")
        .option("--budget-calls <n>", "the same in calls of the model");
    }
    command
      .addHelpText(
        "after",
        examples([
          [`baton ${verb} cand-1f2e3d4c5b6a --why "${why}"`, "and print the receipt"],
          [`baton ${verb} --reason ${REASON_OF[verb]} --why "${why}"`, "many, after a look"],
        ]),
      )
      .action(async (ids: string[], options: DecisionOptions, invoked: Command) => {
        const { decideOn } = await import("../decisions/decide-on.ts");
        await decideOn(verb, ids, { ...options, ...globalsOf(invoked) });
      });
  }
}

/** A reason that many may stand for, as an example. */
const REASON_OF: Readonly<Record<(typeof VERBS)[number][0], string>> = {
  approve: "APPROVAL_REQUIRED",
  reject: "APPROVAL_REQUIRED",
  pause: "STAGE_PASSED",
  resume: "RETRIES_EXHAUSTED",
  "send-back": "GATE_FAILED",
  cancel: "GATE_FAILED",
};

interface DecisionOptions {
  readonly why: string;
  readonly holder?: string;
  readonly reason?: string;
  readonly stage?: string;
  readonly count?: string;
  readonly as?: string;
  readonly timeout: string;
  readonly evidence?: string;
  readonly yes?: boolean;
  readonly budgetTokens?: string;
  readonly budgetMoney?: string;
  readonly budgetCalls?: string;
}
