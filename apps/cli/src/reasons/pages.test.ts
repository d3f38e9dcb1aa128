/**
 * The pages in docs/reasons held against the program: no code without a page, no page without a code, and everything that a
 * page names is there. Commands are parsed by the program itself, with nothing behind them.
 */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Command } from "commander";
import { describe, expect, test } from "vitest";

import { createProgram } from "../program.ts";
import { CATALOGUE, withHead, withList } from "./catalogue-docs.ts";
import { PAGES } from "./reason-pages.ts";

const root = join(import.meta.dirname, "../../../..");
const folder = join(root, PAGES);
const codes = Object.keys(CATALOGUE);
const pageOf = (code: string): string => {
  const file = join(folder, `${code}.md`);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};
const readme = readFileSync(join(folder, "README.md"), "utf8");

const SECTIONS = [
  "Meaning",
  "What Baton does by itself",
  "What to check",
  "Commands",
  "Who is told, and what follows if nobody acts",
];
const OPTIONAL = "What it looks like";

/** Sections of a page: title and content. */
function sectionsOf(page: string): [title: string, content: string][] {
  return page
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const [title = "", ...lines] = part.split("\n");
      return [title, lines.join("\n").trim()];
    });
}

/** Lines of the code blocks of a language. */
function linesOf(text: string, language: string): string[] {
  const blocks = text.matchAll(/^```(\w+)\n([^]*?)^```$/gm);
  return Array.from(blocks)
    .filter(([, of]) => of === language)
    .flatMap(([, , body = ""]) => body.split("\n").filter((line) => line !== ""));
}

/** What stands between backquotes in running text. */
function inlineCode(text: string): string[] {
  const prose = text.replaceAll(/^```[^]*?^```$/gm, "");
  return Array.from(prose.matchAll(/`([^`\n]+)`/g), ([, code = ""]) => code);
}

test.each(codes)("%s has a page with every section", (code) => {
  const page = pageOf(code);
  if (page === "")
    throw new Error(
      `${code} has no page: \`npm run reasons\` begins ${PAGES}/${code}.md; write the sections ${SECTIONS.join(" · ")}`,
    );
  const sections = sectionsOf(page);
  const empty = sections.filter(([, content]) => content === "");
  expect(page.split("\n")[0]).toBe(`# ${code}`);
  expect(sections.map(([title]) => title).filter((title) => title !== OPTIONAL)).toEqual(SECTIONS);
  expect(empty.map(([title]) => title)).toEqual([]);
});

test("no page is about a code that the catalogue doesn't have", () => {
  const names = readdirSync(folder).filter((name) => name !== "README.md");
  expect(names.toSorted()).toEqual(codes.map((code) => `${code}.md`).toSorted());
});

test("the list, and the sentence under each heading, are what `npm run reasons` writes", () => {
  expect(readme).toBe(withList(readme, CATALOGUE));
  for (const [code, text] of Object.entries(CATALOGUE))
    expect(pageOf(code)).toBe(withHead(pageOf(code), code, text));
});

const documents = [
  ...codes.map((code) => [`${code}.md`, pageOf(code)] as const),
  ["README.md", readme] as const,
];

/** A heading as the address of its section, as GitHub makes it. */
const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");

/** What is wrong with a link from a page, or undefined. */
function linkFault(target: string): string | undefined {
  const [path = "", anchor] = target.split("#");
  const file = join(folder, path);
  if (!existsSync(file)) return `${target}: no such file`;
  if (anchor === undefined) return undefined;
  const headings = Array.from(readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm));
  const found = headings.some(([, heading = ""]) => slug(heading) === anchor);
  return found ? undefined : `${target}: no such heading`;
}

test.each(documents)("links of %s lead somewhere", (_, text) => {
  const targets = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target = ""]) => target);
  const faults = targets
    .filter((one) => !one.startsWith("http"))
    .flatMap((one) => linkFault(one) ?? []);
  expect(faults).toEqual([]);
});

test("where failures are told, every code that asks a person links to its page", () => {
  const text = readFileSync(join(root, "docs/failures.md"), "utf8");
  const links = Array.from(text.matchAll(/\]\(reasons\/([A-Z_]+)\.md\)/g), ([, code = ""]) => code);
  const asking = codes.filter((code) => CATALOGUE[code]?.state === "human");
  const named = asking.filter((code) => text.includes(`\`${code}\``));
  expect(named.length).toBeGreaterThan(0);
  expect(links).toEqual(expect.arrayContaining(named));
  expect([...codes, "README"]).toEqual(expect.arrayContaining(links));
});

/** The words of a shell's line up to a pipe or a comment; quotes keep blanks together. */
function wordsOf(line: string): string[] {
  const words = line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g);
  const all = Array.from(words, ([whole, double, single]) => double ?? single ?? whole);
  const end = all.findIndex((word) => word === "|" || word.startsWith("#"));
  return end < 0 ? all : all.slice(0, end);
}

function withoutActions(command: Command): Command {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const inner of command.commands) withoutActions(inner);
  return command;
}

/** What the program says to arguments: nothing, or why it refuses them. */
async function refusalOf(args: readonly string[]): Promise<string | undefined> {
  try {
    await withoutActions(createProgram()).parseAsync([...args], { from: "user" });
    return undefined;
  } catch (error) {
    return `baton ${args.join(" ")}: ${String(error)}`;
  }
}

describe("commands", () => {
  const shells = documents.flatMap(([name, text]) =>
    linesOf(text, "sh").map((line) => [name, line] as const),
  );
  const ours = shells.filter(([, line]) => line.startsWith("npx baton "));
  const others = shells.filter(([, line]) => !line.startsWith("npx baton "));

  test.each(ours)("%s: the program takes `%s`", async (_, line) => {
    expect(await refusalOf(wordsOf(line).slice(2))).toBeUndefined();
  });

  test.each(codes)("%s: its commands section has something to type", (code) => {
    const content = sectionsOf(pageOf(code)).find(([title]) => title === "Commands")?.[1] ?? "";
    expect(linesOf(content, "sh").join("\n")).toContain("npx baton ");
  });

  test.each(others)("%s: `%s` is a program that every system has", (_, line) => {
    expect(["curl", "grep", "tail"]).toContain(wordsOf(line)[0]);
  });

  test.each(documents)("%s: what running text calls a command is one", (_, text) => {
    const named = inlineCode(text).filter((code) => code.startsWith("baton "));
    const unknown = named.filter((code) => !isCommand(code.split(" ").slice(1)));
    expect(unknown).toEqual([]);
  });
});

/** True if the words begin with commands of the program; what follows are arguments and options, which may be left out. */
function isCommand([word, ...rest]: readonly string[], command = createProgram()): boolean {
  const inner = command.commands.find(
    (one) => one.name() === word || one.aliases().includes(word ?? ""),
  );
  if (inner) return inner.commands.length === 0 || rest.length === 0 || isCommand(rest, inner);
  return false;
}

/** Text of everything that runs, tests left out. */
const sources = globSync("{apps,libs}/*/src/**/*.{ts,yaml}", { cwd: root })
  .filter(
    (file) => !/\.test\.|\/testing\//.test(`/${file}`) && dirname(file) !== "apps/cli/src/reasons",
  )
  .map((file) => readFileSync(join(root, file), "utf8"))
  .concat(readFileSync(join(root, "playbooks/baton.yaml"), "utf8"))
  .join("\n");

/** Names of ours: variables, codes of failures, metrics, keys of the playbook in a word. */
const NAMES = /^(?:BATON_[A-Z_]+|E_[A-Z_]+[A-Z]|baton_[a-z_]+|[a-z]+(?:[A-Z][a-z]+)+)/;

test.each(documents)("%s: variables, codes, metrics and keys are in the source", (_, text) => {
  const names = inlineCode(text)
    .flatMap((code) => code.split("."))
    .flatMap((code) => NAMES.exec(code)?.[0] ?? [])
    // A counter gets this ending from its exporter; the runbook's own variable belongs to the code beside this test.
    .map((name) => name.replace(/_total$/, ""))
    .filter((name) => name !== "BATON_RUNBOOK_URL");
  expect(names.filter((name) => !sources.includes(name))).toEqual([]);
});
