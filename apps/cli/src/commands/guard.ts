import { type Command, InvalidArgumentError, Option } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";
import type { CheckTransitionOptions } from "../guard/check-transition.ts";
import type { EvaluateFailureOptions } from "../guard/evaluate-failure.ts";

/** `baton guard check-transition|evaluate-failure|replay` */
export function register(program: Command): void {
  const guard = program
    .command("guard")
    .description(
      "ask the coordinator's own rules: about files, without a server, or about the mesh",
    )
    .option("--policy <file>", "playbook to decide by (default: BATON_PLAYBOOK, else Baton's own)");
  registerCheckTransition(guard);
  registerEvaluateFailure(guard);
  registerReplay(guard);
}

function registerCheckTransition(guard: Command): void {
  guard
    .command("check-transition")
    .description("may a candidate go to a stage? exit 0 if it may, 5 if not")
    .option("--state <file>", "what is known about the candidate, as JSON")
    .option("--candidate-id <id>", "the candidate; must be the state's")
    .option("--run-id <id>", "its run; must be the state's")
    .option("--from-stage <stage>", "must be the state's active stage")
    .option("--to-stage <stage>", "where it would go")
    .option("--previous-artifact <file>", "what the active stage made")
    .option("--previous-gate-passed", "the active stage's gate passed")
    .option("--risk-controls-passed", "the risk controls passed")
    .option("--execution-controls-passed", "the execution controls passed")
    .addOption(
      new Option("--mode <mode>", "how things are changed (default: gitops)").choices([
        "gitops",
        "emergency",
      ]),
    )
    .option("--emergency-ticket <ticket>", "of the incident; not blank")
    .option("--mesh", "look at journal and artifacts instead of taking claims")
    .addHelpText(
      "after",
      examples([
        [
          "baton guard check-transition --state s.json --candidate-id cand-1f2e3d4c5b6a --run-id run-0a1b2c3d4e5f --to-stage gate-evaluation …",
          "about files",
        ],
        [
          "baton guard check-transition --mesh --candidate-id cand-1f2e3d4c5b6a --to-stage gate-evaluation",
          "about the mesh",
        ],
      ]),
    )
    .action(async (options: CheckTransitionOptions & MeshFlag, command: Command) => {
      const given = { ...options, ...policyOf(command) };
      if (options.mesh === true) {
        const { checkOnMesh } = await import("../guard/check-on-mesh.ts");
        return checkOnMesh(given, globalsOf(command));
      }
      const { checkOnFiles } = await import("../guard/check-transition.ts");
      return checkOnFiles(given);
    });
}

function registerEvaluateFailure(guard: Command): void {
  guard
    .command("evaluate-failure")
    .description("what follows a failed attempt? exit 0 if it is tried again, 5 if not")
    .option("--state <file>", "what is known about the candidate, as JSON")
    .option("--stage <stage>", "the one that failed")
    .addOption(
      new Option("--failure-class <class>", "how it failed").choices([
        "transient",
        "deterministic",
        "spec",
        "policy",
      ]),
    )
    .option("--attempt <number>", "which attempt failed, from 1", wholeNumber)
    .option("--candidate-id <id>", "must be the state's")
    .option("--run-id <id>", "must be the state's")
    .option("--mesh", "look at the journal instead of taking claims")
    .addHelpText(
      "after",
      examples([
        [
          "baton guard evaluate-failure --state s.json --stage backtest-robustness --failure-class transient --attempt 2",
          "about files",
        ],
        [
          "baton guard evaluate-failure --mesh --candidate-id cand-1f2e3d4c5b6a",
          "the last failure in the journal",
        ],
      ]),
    )
    .action(async (options: EvaluateFailureOptions & MeshFlag, command: Command) => {
      const given = { ...options, ...policyOf(command) };
      if (options.mesh === true) {
        const { evaluateOnMesh } = await import("../guard/evaluate-on-mesh.ts");
        return evaluateOnMesh(given, globalsOf(command));
      }
      const { evaluateOnFiles } = await import("../guard/evaluate-failure.ts");
      return evaluateOnFiles(given);
    });
}

function registerReplay(guard: Command): void {
  guard
    .command("replay")
    .description("decide a candidate's whole journal again; exit 5 at the first difference")
    .argument("<candidateId>")
    .addHelpText(
      "after",
      examples([
        ["baton guard replay cand-1f2e3d4c5b6a", "from what the mesh has stored"],
        ["baton guard replay cand-1f2e3d4c5b6a --people people.yaml", "by people who are known"],
      ]),
    )
    .option(
      "--people <file>",
      "key registry that signatures are held against (default: BATON_PEOPLE, else that of your own `baton up`)",
    )
    .action(async (id: string, options: { readonly people?: string }, command: Command) => {
      const { replay } = await import("../guard/replay.ts");
      await replay(id, { ...options, ...globalsOf(command) });
    });
}

interface MeshFlag {
  readonly mesh?: true;
}

function policyOf(command: Command): { policy?: string } {
  const { policy } = command.optsWithGlobals<{ policy?: string }>();
  return policy === undefined ? {} : { policy };
}

function wholeNumber(text: string): number {
  if (/^-?[0-9]{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a whole number.");
}
