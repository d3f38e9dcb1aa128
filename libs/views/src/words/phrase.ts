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

/** The phrase for a terminal: each act as its command line in backticks. */
export function inTerminal(phrase: Phrase): string {
  return phrase
    .map((part) =>
      typeof part === "string" ? part : `\`${["baton", part.verb, ...part.args].join(" ")}\``,
    )
    .join("");
}
