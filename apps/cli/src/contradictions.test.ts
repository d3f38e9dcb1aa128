import { UserError } from "@baton/text/user-error";
import type { Command, Option } from "commander";
import { expect, test } from "vitest";

import { CONTRADICTIONS, DEPENDENT, OWN_MESH, refuseContradictions } from "./contradictions.ts";
import { createProgram } from "./program.ts";

/** What is said of a command line; undefined if nothing contradicts. Nothing runs. */
async function refusalOf(words: readonly string[]): Promise<string | undefined> {
  const program = createProgram();
  for (const command of everyCommand(program)) command.action(() => undefined);
  try {
    await program.parseAsync(words, { from: "user" });
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, exit, message } = error.details;
    return `${code} (${exit}): ${message}`;
  }
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function commandAt(program: Command, words: string): Command {
  const [first = "", ...rest] = words.split(" ");
  const found = program.commands.find((one) => one.name() === first);
  if (!found) throw new Error(`there is no command ${words}`);
  return rest.length === 0 ? found : commandAt(found, rest.join(" "));
}

function optionAt(command: Command, flag: string): Option {
  for (let at: Command | null = command; at; at = at.parent) {
    const found = at.options.find(({ long }) => long === flag);
    if (found) return found;
  }
  throw new Error(`${command.name()} has no ${flag}`);
}

/** The flag as it is typed, with a value if it takes one. */
function typed(command: Command, flag: string): string[] {
  const [long = "", value] = flag.split("=");
  const option = optionAt(command, long);
  return option.required ? [long, value ?? option.argChoices?.[0] ?? "7"] : [long];
}

/** The command with its arguments and what it can't do without. */
function least(command: Command, words: string): string[] {
  const needed = command.options.filter(({ mandatory }) => mandatory);
  return [
    ...words.split(" "),
    ...command.registeredArguments.filter(({ required }) => required).map(() => "abcdef"),
    ...needed.flatMap(({ long }) => typed(command, long ?? "")),
  ];
}

const program = createProgram();
const rows = CONTRADICTIONS.flatMap(({ command, one, others }) =>
  others.map((other) => [command === "" ? "get candidates" : command, one, other] as const),
);

test.each(rows)("%s: %s and %s are refused by name", async (words, one, other) => {
  const command = commandAt(program, words);
  const [first, second] = [typed(command, one), typed(command, other)];
  const line = least(command, words);
  const said = `E_USAGE (2): ${one} and ${other.replace("=", " ")} contradict each other`;
  expect(await refusalOf([...line, ...first, ...second])).toBe(said);
  expect(await refusalOf([...line, ...first])).toBeUndefined();
  expect(await refusalOf([...line, ...second])).toBeUndefined();
});

test.each(DEPENDENT)("$command: $one needs $others", async ({ command: words, one, others }) => {
  const command = commandAt(program, words);
  const line = [...least(command, words), ...typed(command, one)];
  expect(await refusalOf(line)).toBe(
    `E_USAGE (2): ${one} does nothing without ${others.join(" or ")}`,
  );
  for (const other of others)
    expect(await refusalOf([...line, ...typed(command, other)])).toBeUndefined();
});

test.each(OWN_MESH)("`%s` runs a server of its own", async (name) => {
  expect(await refusalOf([name, "--server", "nats://x"])).toContain("--server");
  expect(await refusalOf([name, "--data", "x"])).toBeUndefined();
});

test("all that contradicts is named at once", async () => {
  expect(await refusalOf(["submit", "x", "--check", "--wait", "--as", "y"])).toBe(
    "E_USAGE (2): --check and --wait, --as contradict each other",
  );
});

test("global options count before the verb and after it", async () => {
  const before = ["--data", "x", "get", "candidates", "--server", "nats://x"];
  expect(await refusalOf(before)).toContain("--server and --data contradict");
});

test("the json that was asked for twice is one", async () => {
  expect(await refusalOf(["get", "candidates", "--json", "-o", "json"])).toBeUndefined();
  expect(() => refuseContradictions(program)).not.toThrow();
});
