/** Options that can't be meant together, all in one place; looked at before a command does anything. */
import { UserError, EXIT } from "@baton/text/user-error";
import type { Command } from "commander";

/** A row: `one` with any of `others` is refused. `--option=value` is about that value only. */
export interface Contradiction {
  /** As it is typed after `baton`; "" is about all commands. */
  readonly command: string;
  readonly one: string;
  readonly others: readonly string[];
  readonly rule: string;
}

/**
 * The table. What arguments have to do with options, and what `guard --mesh` doesn't take at all, is told by the commands
 * themselves.
 */
export const CONTRADICTIONS: readonly Contradiction[] = [
  {
    command: "",
    one: "--server",
    others: ["--data"],
    rule: "each of them names the mesh that is meant",
  },
  {
    command: "",
    one: "--json",
    others: ["--output=table", "--output=yaml"],
    rule: "--json is short for --output json",
  },
  {
    command: "up",
    one: "--ephemeral",
    others: ["--data", "--make-lost-repositories"],
    rule: "an ephemeral mesh has a folder of its own, which is new and removed at the end",
  },
  {
    command: "submit",
    one: "--check",
    others: ["--wait", "--unchecked", "--as", "--timeout"],
    rule: "--check only looks: nothing is sent",
  },
  {
    command: "audit verify",
    one: "--self-signed",
    others: ["--key"],
    rule: "a pack is held against a key that you name, or against nobody's",
  },
  {
    command: "nats-config",
    one: "--keys",
    others: ["--new-keys"],
    rule: "the keys are those of a file, or new ones",
  },
  {
    command: "get people",
    one: "--people",
    others: ["--data"],
    rule: "each of them names the key registry that is meant",
  },
];

/** Options that mean nothing by themselves. */
export const DEPENDENT: readonly Contradiction[] = [
  {
    command: "artifacts get",
    one: "--force",
    others: ["--out"],
    rule: "--force is about the file that --out names",
  },
  {
    command: "policy diff",
    one: "--limit",
    others: ["--journal"],
    rule: "--limit is about the candidates that --journal decides again",
  },
];

/** Commands that run a mesh of their own, so that no other can be named. */
export const OWN_MESH: readonly string[] = ["up"];

/** Throws `UserError` E_USAGE that names the options. */
export function refuseContradictions(command: Command): void {
  const name = nameOf(command);
  const isGiven = (flag: string): boolean => givenTo(command, flag);
  if (OWN_MESH.includes(name) && isGiven("--server"))
    throw refusal(
      `--server and \`baton ${name}\` contradict each other`,
      "it runs a server of its own",
    );
  for (const { one, others, rule } of rowsOf(CONTRADICTIONS, name)) {
    const clash = others.filter(isGiven);
    if (clash.length > 0 && isGiven(one))
      throw refusal(`${one} and ${clash.map(shown).join(", ")} contradict each other`, rule);
  }
  for (const { one, others, rule } of rowsOf(DEPENDENT, name))
    if (isGiven(one) && !others.some(isGiven))
      throw refusal(`${one} does nothing without ${others.join(" or ")}`, rule);
}

function rowsOf(table: readonly Contradiction[], name: string): readonly Contradiction[] {
  return table.filter(({ command }) => command === "" || command === name);
}

/** `get people` */
function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${nameOf(parent)} ${command.name()}` : command.name();
}

/** True if it was typed, before or after the verb. */
function givenTo(command: Command, flag: string): boolean {
  const [long, value] = flag.split("=");
  for (let at: Command | null = command; at; at = at.parent) {
    const name = at.options.find((option) => option.long === long)?.attributeName();
    if (name === undefined || at.getOptionValueSource(name) !== "cli") continue;
    if (value === undefined || at.getOptionValue(name) === value) return true;
  }
  return false;
}

function shown(flag: string): string {
  return flag.replace("=", " ");
}

function refusal(message: string, rule: string): UserError {
  return new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message,
    rule,
    action: "Leave one of them out.",
  });
}
