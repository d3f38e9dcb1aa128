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

test.each(commands)(
  "each option of `%s` is explained, and every example of it parses",
  async (typed) => {
    const program = createProgram();
    const [command] = leaves(program, "baton").flatMap(([name, one]) =>
      name === typed ? [one] : [],
    );
    if (!command) throw new Error(`there is no ${typed}`);
    expect(command.options.filter(({ description }) => description === "")).toEqual([]);
    const ran: string[] = [];
    for (const [name, leaf] of leaves(program, "baton")) leaf.action(() => void ran.push(name));
    const examples = examplesIn(helpOf(command));
    for (const words of examples) await program.parseAsync(words, { from: "user" });
    expect(ran.length).toBe(examples.length);
    expect(ran).toContain(typed);
  },
);

/** The examples of a help text, each as the words after `baton`. */
function examplesIn(help: string): string[][] {
  const [, lines = ""] = /Examples:\n((?: {2}.*\n)+)/.exec(help) ?? [];
  return lines
    .split("\n")
    .flatMap((line) => /(?<=^ {2}|[|(] ?)baton .*?(?= {2}|\)"| \||$)/.exec(line) ?? [])
    .map((line) => wordsOf(line).slice(1));
}

/** As a shell splits it, as far as examples go. */
function wordsOf(line: string): string[] {
  const [typed = ""] = line.split(" > ");
  return [...typed.matchAll(/"([^"]*)"|([^\s"]+)/g)]
    .map(([, quoted, plain]) => quoted ?? plain ?? "")
    .filter((word) => word !== "…");
}

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
