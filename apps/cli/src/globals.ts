import type { Command } from "commander";

/** How results are printed. */
export type Format = "table" | "json" | "yaml";

/** Options that every command has, before or after the verb. */
export interface Globals {
  readonly server: string | undefined;
  /** Data folder of the `baton up` that is meant. */
  readonly data: string | undefined;
  readonly format: Format;
}

/** The global options as they were given. */
export function globalsOf(command: Command): Globals {
  const given = command.optsWithGlobals<{
    server?: string;
    data?: string;
    output?: Format;
    json?: boolean;
  }>();
  return {
    server: given.server,
    data: given.data,
    format: given.json === true ? "json" : (given.output ?? "table"),
  };
}

/** True if errors shall be JSON too; looks at the raw arguments, because parsing them may be what failed. */
export function wantsJson(args: readonly string[]): boolean {
  return args.some(
    (arg, index) =>
      arg === "--json" ||
      arg === "-ojson" ||
      arg === "--output=json" ||
      (arg === "json" && ["-o", "--output"].includes(args[index - 1] ?? "")),
  );
}
