/** What a YAML text has that isn't taken. */
export type YamlFault =
  | "size"
  | "depth"
  | "nodes"
  | "syntax"
  | "alias"
  | "tag"
  | "merge key"
  | "documents"
  | "key"
  | "duplicate key"
  | "number";

/** A YAML text that isn't taken; the message begins with line and column and is safe to show. */
export class YamlError extends Error {
  override readonly name = "YamlError";
  readonly fault: YamlFault;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** What is wrong, without the place. */
  readonly what: string;
  /** What to write instead. */
  readonly action: string;

  constructor(of: {
    fault: YamlFault;
    line: number;
    column: number;
    what: string;
    action: string;
  }) {
    super(`line ${of.line}, column ${of.column}: ${of.what}`);
    this.fault = of.fault;
    this.line = of.line;
    this.column = of.column;
    this.what = of.what;
    this.action = of.action;
  }
}
