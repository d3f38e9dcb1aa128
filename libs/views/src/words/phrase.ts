/**
 * What a person can do, in words in which the acts are still acts: a terminal shows a command line, a page a button, a message
 * a link. Nobody looks for commands in a text.
 */

/** A verb of the command line with its arguments; `verb` may have two words, as `get controls`. */
export interface Act {
  readonly verb: string;
  readonly args: readonly string[];
}

/** Pieces of text and acts, to be joined as they are. */
export type Phrase = readonly (string | Act)[];

/** An act for a `phrase`. */
export function act(verb: string, ...args: readonly string[]): Act {
  return { verb, args };
}

/** The acts that a phrase names, in its order. */
export function actsOf(phrase: Phrase): readonly Act[] {
  return phrase.filter((part) => typeof part !== "string");
}

/** Verbs of decisions, which are taken only with a reason: the command line asks for it, so what is shown has its place. */
const WITH_WHY: ReadonlySet<string> = new Set([
  "accept-loss",
  "approve",
  "cancel",
  "close-task",
  "emergency",
  "incident close",
  "incident open",
  "kill-switch engage",
  "kill-switch release",
  "pause",
  "reject",
  "resume",
  "send-back",
]);

/** The act as a command line, as it can be typed once what is left open is put in. */
function commandLine({ verb, args }: Act): string {
  const isMissing = WITH_WHY.has(verb) && !args.includes("--why");
  return ["baton", verb, ...args, ...(isMissing ? ["--why", "…"] : [])].join(" ");
}

/** The phrase for a terminal: each act as its command line in backticks. */
export function inTerminal(phrase: Phrase): string {
  return phrase
    .map((part) => (typeof part === "string" ? part : `\`${commandLine(part)}\``))
    .join("");
}
