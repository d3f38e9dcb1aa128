import type { Format } from "@baton/terminal";
import type { Command } from "commander";

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
