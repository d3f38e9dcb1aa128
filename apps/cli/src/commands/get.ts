import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton get candidates|reviews|controls|services|people` */
export function register(program: Command): void {
  const get = program
    .command("get")
    .description(
      "list candidates, reviews that wait for a person, the controls of the mesh, its services, or its people",
    );
  registerCandidates(get);
  registerReviews(get);
  registerControls(get);
  registerServices(get);
  registerPeople(get);
}

function registerCandidates(get: Command): void {
  get
    .command("candidates")
    .aliases(["candidate", "c"])
    .description("list candidates by their last journal entry")
    .option("--holder <holder>", "only those that lane-a … lane-f, review or closed holds")
    .option("--reason <code>", "only those that stand for this reason")
    .option("--stage <stage>", "only those at this stage")
    .option("--limit <n>", "at most so many, the latest moved first", "200")
    .addHelpText(
      "after",
      examples([
        ["baton get candidates", "all, the latest moved first"],
        ["baton get candidates --holder lane-c", "what lane C has or will get"],
        ["baton get candidates --reason GATE_FAILED -o json", "for a program"],
      ]),
    )
    .action(async (options: CandidateOptions, command: Command) => {
      const { getCandidates } = await import("../get/get-candidates.ts");
      await getCandidates({ ...options, ...globalsOf(command) });
    });
}

function registerReviews(get: Command): void {
  get
    .command("reviews")
    .aliases(["review", "r"])
    .description("list what waits for a person, the longest wait first")
    .option("--reason <code>", "only those with this reason")
    .option("--stage <stage>", "only those at this stage")
    .option("--limit <n>", "at most so many", "200")
    .addHelpText(
      "after",
      examples([
        ["baton get reviews", "what waits for a person, and what to do"],
        ["baton get reviews --reason APPROVAL_REQUIRED", "only approvals"],
      ]),
    )
    .action(async (options: Omit<CandidateOptions, "holder">, command: Command) => {
      const { getReviews } = await import("../get/get-reviews.ts");
      await getReviews({ ...options, ...globalsOf(command) });
    });
}

function registerControls(get: Command): void {
  get
    .command("controls")
    .alias("control")
    .description("show kill switch, open incidents and emergencies, and whom they stop")
    .option("--history", "every change instead, the oldest first")
    .addHelpText(
      "after",
      examples([
        ["baton get controls", "what holds now"],
        ["baton get controls --history -o json", "who did what, with signatures"],
      ]),
    )
    .action(async (options: { history?: true }, command: Command) => {
      const { getControls } = await import("../controls/get-controls.ts");
      await getControls({ ...options, ...globalsOf(command) });
    });
}

function registerServices(get: Command): void {
  get
    .command("services")
    .aliases(["service", "s"])
    .description("show every process of the mesh: whether it's ready, why not, and what it needs")
    .addHelpText(
      "after",
      examples([
        ["baton get services", "the mesh in one picture"],
        ["baton get services -o json", "every check of every process"],
      ]),
    )
    .action(async (_options: object, command: Command) => {
      const { getServices } = await import("../get/get-services.ts");
      await getServices(globalsOf(command));
    });
}

function registerPeople(get: Command): void {
  get
    .command("people")
    .alias("person")
    .description("list who is registered to ask for something, with roles and keys")
    .option("--people <file>", "the key registry (default: BATON_PEOPLE, or that of `baton up`)")
    .addHelpText(
      "after",
      examples([
        ["baton get people", "who may approve, and whether your own key is known"],
        ["baton get people --people people.yaml -o json", "another registry, for a program"],
      ]),
    )
    .action(async (options: { people?: string }, command: Command) => {
      const { getPeople } = await import("../get/get-people.ts");
      await getPeople({ ...options, ...globalsOf(command) });
    });
}

interface CandidateOptions {
  readonly holder?: string;
  readonly reason?: string;
  readonly stage?: string;
  readonly limit: string;
}
