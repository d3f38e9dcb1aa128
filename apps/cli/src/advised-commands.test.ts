/** What messages tell people to type must be what the command line takes. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Command, Option } from "commander";
import { expect, test } from "vitest";

import { createProgram } from "./program.ts";

const ROOT = join(import.meta.dirname, "../../..");
const SOURCES = globSync("{apps,libs}/*/src/**/*.ts", { cwd: ROOT }).filter(
  (file) => !/\.test\.ts$|\/testing\//.test(file),
);

/** Command lines in backticks that stand in a source's texts, not in its comments; what a text puts in is one word. */
function advisedIn(file: string): string[] {
  const lines = readFileSync(join(ROOT, file), "utf8").split("\n");
  const code = lines.filter((line) => !/^\s*(?:\*|\/\*|\/\/)/.test(line)).join("\n");
  return Array.from(code.matchAll(/`baton ([a-z][^`\n]*?)\\?`/g), ([, typed = ""]) =>
    typed.replaceAll(/\$\{[^}]*\}/g, "X"),
  );
}

const isOf = ({ short, long }: Option, word: string): boolean => word === short || word === long;

/** What the command line would say against it; undefined if nothing. */
function faultOf(typed: string): string | undefined {
  let command: Command = createProgram();
  const known = [...command.options];
  const words = typed.split(" ");
  for (;;) {
    const next = command.commands.find((one) => one.name() === words[0]);
    if (!next) break;
    words.shift();
    command = next;
    known.push(...command.options);
  }
  if (command.parent === null) return "there is no such command";
  // A list's name that is put in.
  if (command.commands.length > 0) return words[0] === "X" ? undefined : "it takes a further word";
  const given = words.filter((word) => word.startsWith("-") && word !== "--help");
  const unknown = given.filter((word) => !known.some((option) => isOf(option, word)));
  if (unknown.length > 0) return `it has no ${unknown.join(", ")}`;
  const missing = command.options.filter(
    (option) => option.mandatory && !given.some((word) => isOf(option, word)),
  );
  return missing.length > 0 ? `it takes ${missing.map(({ long }) => long).join(", ")}` : undefined;
}

const advised = SOURCES.flatMap((file) =>
  advisedIn(file).map((typed) => [file, `baton ${typed}`, typed] as const),
);

test("command lines that messages advise are taken by the command line, with all that they need", () => {
  expect(advised.length).toBeGreaterThan(100);
  const faults = advised.flatMap(([file, line, typed]) => {
    const fault = faultOf(typed);
    return fault === undefined ? [] : [`${file}: \`${line}\`: ${fault}`];
  });
  expect(faults).toEqual([]);
});
