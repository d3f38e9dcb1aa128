/** What `explain` says at each code of the catalogue, about entries that the core itself decided. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type Reason, REASONS, type StoredEntry } from "@baton/contracts";
import { explanationOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import { REASON_SCENARIOS } from "../../../../libs/playbook/src/testing/reason-scenarios.ts";
import { loaded } from "../../../../libs/playbook/src/testing/story.ts";
import { createProgram } from "../program.ts";

const root = join(import.meta.dirname, "../../../..");
const playbook = loaded(parse(readFileSync(join(root, "playbooks/baton.yaml"), "utf8")));
const AGE_MS = 90_000;

/** The entry that a candidate stands on for `code`. */
function lastAt(code: Reason): StoredEntry {
  const scenario = REASON_SCENARIOS.find(([one]) => one === code)?.[1];
  if (!scenario)
    throw new Error(`${code} has no scenario: libs/playbook/src/testing/reason-scenarios.ts`);
  return scenario(playbook).last();
}

function explained(code: Reason) {
  const { sequence, entry } = lastAt(code);
  const storedAt = Date.parse(entry.time);
  const lane = { waiting: 1, inFlight: 0, deliveredThrough: sequence };
  const explanation = explanationOf({ sequence, entry, storedAt }, lane, storedAt + AGE_MS);
  return { entry, ...explanation };
}

const codes = REASON_SCENARIOS.map(([code]) => code);
const asking = codes.filter((code) => REASONS[code].state === "human");

test.each(codes)("%s: who has it, since when, why, in one line", (code) => {
  const { sentence, entry } = explained(code);
  const who = { review: "waits for a person", closed: "is closed" }[entry.holder as string];
  expect(sentence).toContain(`${entry.candidateId} ${who ?? `is with ${entry.holder}`}`);
  expect(sentence).toContain("since 1m30s");
  expect(sentence.split(`(${code})`)).toHaveLength(2);
  const [, why = ""] = sentence.split(": ");
  expect(why).not.toBe("");
  expect(sentence).not.toContain("\n");
});

test.each(codes)("%s: one thing to do, a sentence of its own", (code) => {
  const { action } = explained(code);
  expect(action).toMatch(/^\S.*\S$/);
  expect(action).not.toContain("undefined");
});

test.each(codes.filter((code) => !asking.includes(code)))(
  "%s: where nobody is asked, nothing is to be decided",
  (code) => {
    const { action, who } = explained(code);
    expect(action).not.toMatch(/`baton (?:approve|reject|resume|send-back|cancel|pause)/);
    expect(who).toBeNull();
  },
);

/** Commands of the program, and those of them that answer a question. */
const programs = createProgram().commands.map((command) => command.name());
const ANSWERS = ["approve", "reject", "pause", "resume", "send-back", "cancel"];

test.each(asking)(
  "%s: what is suggested is there, and among the answers that would be taken",
  (code) => {
    const { action, entry } = explained(code);
    const named = Array.from(action.matchAll(/`baton ([a-z-]+)/g), ([, command = ""]) => command);
    const offered = entry.review?.answers?.map(({ command }) => command) ?? [];
    expect(programs).toEqual(expect.arrayContaining(named));
    expect(offered).toEqual(
      expect.arrayContaining(named.filter((command) => ANSWERS.includes(command))),
    );
  },
);

test("who may not give the answer is told", () => {
  expect(explained("APPROVAL_REQUIRED").who).toBe("approve by anybody, 2 people, not by ada");
  expect(explained("GATE_FAILED").who).toBeNull();
});

/** What the command line would say of this line: options that it lacks or doesn't know; `whole` is the command itself. */
function faultsIn(line: string): string[] {
  const words = line.split(" ").slice(1);
  let command = createProgram();
  while (words[0] !== undefined) {
    const next = command.commands.find((one) => one.name() === words[0]);
    if (next === undefined) break;
    command = next;
    words.shift();
  }
  const given = words.filter((word) => word.startsWith("-"));
  const known = command.options.flatMap(({ long, short }) => [long, short]);
  return [
    ...command.options
      .filter(({ mandatory, long }) => mandatory && !given.includes(long ?? ""))
      .map(({ long }) => `${line}: lacks ${long}`),
    ...given.filter((word) => !known.includes(word)).map((word) => `${line}: no option ${word}`),
    ...(command.parent === null ? [`${line}: no such command`] : []),
  ];
}

test.each(codes)("%s: what is advised can be typed as it stands", (code) => {
  const lines = Array.from(explained(code).action.matchAll(/`(baton [^`]+)`/g), ([, line]) => line);
  expect(lines.flatMap((line) => faultsIn(line ?? ""))).toEqual([]);
});
