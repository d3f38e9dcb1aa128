/** What could be typed next: read off the program itself, so that a new command or option completes without further ado. */
import type { MeshNamed } from "@baton/client";
import { LANES, REASONS } from "@baton/contracts";
import type { Argument, Command, Option } from "commander";

/** Where candidates come from: the ids that begin so, of the mesh that the words name. */
export type FindIds = (beginning: string, mesh: MeshNamed) => Promise<readonly string[]>;

/**
 * The words that fit for the last of `words`, which are what was typed after `baton`; the last one may be empty. Nothing where a
 * file or free text belongs: the shell completes files by itself.
 */
export async function completionsFor(
  program: Command,
  words: readonly string[],
  findIds: FindIds,
): Promise<readonly string[]> {
  const current = words.at(-1) ?? "";
  const { command, open, given, mesh } = walk(program, words.slice(0, -1));
  if (open) return fitting(valuesOf(open), current);
  if (current.startsWith("-")) return fitting(optionsOf(command), current);
  if (command.commands.length > 0) return fitting(commandsOf(command), current);
  const argument = argumentAt(command, given);
  if (!argument) return [];
  if (/^candidateIds?$/.test(argument.name())) return await findIds(current, mesh);
  return fitting(valuesOf(argument), current);
}

interface Walked {
  readonly command: Command;
  /** An option that still waits for its value. */
  readonly open: Option | undefined;
  /** Arguments that the command has already. */
  readonly given: number;
  /** By --server or --data. */
  readonly mesh: MeshNamed;
}

function walk(program: Command, words: readonly string[]): Walked {
  let command = program;
  let open: Option | undefined;
  let given = 0;
  let mesh: MeshNamed = {};
  for (const word of words) {
    if (open) {
      if (["server", "data"].includes(open.attributeName()))
        mesh = { [open.attributeName()]: word };
      open = undefined;
    } else if (word.startsWith("-")) open = valued(command, word);
    else {
      const inner = command.commands.find((one) => one.name() === word || isAlias(one, word));
      if (inner) command = inner;
      else given += 1;
    }
  }
  return { command, open, given, mesh };
}

function isAlias(command: Command, word: string): boolean {
  return command.aliases().includes(word);
}

function valued(command: Command, word: string): Option | undefined {
  const option = [...lineage(command)]
    .flatMap(({ options }) => options)
    .find(({ long, short }) => long === word || short === word);
  return option && (option.required || option.optional) ? option : undefined;
}

/** The command and those that it is in: their options count too. */
function* lineage(command: Command): Generator<Command> {
  for (let at: Command | null = command; at; at = at.parent) yield at;
}

function optionsOf(command: Command): string[] {
  const own = [...lineage(command)].flatMap(({ options }) =>
    options.filter(({ hidden }) => !hidden).map(({ long, short }) => long ?? short ?? ""),
  );
  return [...own, "--help"];
}

function commandsOf(command: Command): string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name());
}

function argumentAt(command: Command, given: number): Argument | undefined {
  const last = command.registeredArguments.at(-1);
  return command.registeredArguments[given] ?? (last?.variadic === true ? last : undefined);
}

/** Values by name, where the program doesn't list them as choices itself. */
const BY_NAME: Readonly<Record<string, readonly string[]>> = {
  holder: [...LANES, "review", "closed"],
  lane: LANES,
  reason: Object.keys(REASONS),
  code: Object.keys(REASONS),
  class: ["A", "B", "C", "D"],
};

function valuesOf(of: Option | Argument): readonly string[] {
  const name = "long" in of ? of.attributeName() : of.name();
  return of.argChoices ?? (Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined) ?? [];
}

function fitting(words: readonly string[], beginning: string): string[] {
  return [...new Set(words)].filter((word) => word.startsWith(beginning)).toSorted();
}
