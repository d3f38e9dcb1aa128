/**
 * A lane's words as a lane's: whoever has its key chooses them, so they never read as Baton's own advice. Undefined where it said
 * nothing.
 */
export function laneSays(lane: string, words: string | undefined): string | undefined {
  return words === undefined || words.trim() === ""
    ? undefined
    : `${lane} says: ${quotedWords(words)}.`;
}

/** In quotation marks that the words themselves can't end, nor begin what looks like a command of Baton's. */
function quotedWords(words: string): string {
  return `"${words.replaceAll(/["`]/g, "'").replace(/\.$/, "")}"`;
}
