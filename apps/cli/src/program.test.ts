import type { Command } from "commander";
import { expect, test } from "vitest";

import { createProgram } from "./program.ts";

/** The commands that do something, by what is typed. */
function leaves(command: Command, typed: string): [string, Command][] {
  if (command.commands.length === 0) return [[typed, command]];
  return command.commands.flatMap((inner) => leaves(inner, `${typed} ${inner.name()}`));
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

const commands = leaves(createProgram(), "baton");

test.each(commands)("help of `%s` has an example of it", (typed, command) => {
  const help = helpOf(command);
  expect(help).toContain("Examples:\n");
  expect(help.slice(help.indexOf("Examples:"))).toContain(typed);
  expect(command.description()).not.toBe("");
});

test("the commands are the ones that people are told of", () => {
  expect(commands.map(([typed]) => typed.replace("baton ", ""))).toEqual(
    expect.arrayContaining([
      "up",
      "login",
      "whoami",
      "submit",
      "get candidates",
      "get reviews",
      "describe",
      "explain",
      "reasons",
      "watch",
      "trace",
      "approve",
      "reject",
      "pause",
      "resume",
      "send-back",
      "cancel",
      "artifacts list",
      "artifacts get",
      "audit verify",
      "doctor",
    ]),
  );
});
