import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton login`, `baton whoami` */
export function register(program: Command): void {
  program
    .command("login")
    .description("make a key to sign commands with, if there is none; print its public half")
    .option("--as <name>", "the name you go by (default: the user of the operating system)")
    .addHelpText(
      "after",
      examples([
        ["baton login --as ada", "in ~/.config/baton/key, or where BATON_KEY_FILE says"],
        ["baton login", "print the public key again"],
      ]),
    )
    .action(async (options: { readonly as?: string }, command: Command) => {
      const { login } = await import("../login/login.ts");
      await login({ ...options, ...globalsOf(command) });
    });
  program
    .command("whoami")
    .description("print the name and the key that commands are sent with")
    .addHelpText("after", examples([["baton whoami", "name, public key, key file"]]))
    .action(async (_options: object, command: Command) => {
      const { whoami } = await import("../login/whoami.ts");
      await whoami(globalsOf(command));
    });
}
