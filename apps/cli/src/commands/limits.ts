import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton limits sign` */
export function register(program: Command): void {
  const limits = program
    .command("limits")
    .description("what an account may hold and order at most, whatever its strategy asks for");
  limits
    .command("sign <file>")
    .description(
      "agree to the raised limits in a file; they hold with the signatures of two people with the role raise-limits",
    )
    .option("--as <name>", "in whose name (default: the key's)")
    .option("--until <date>", "until when a raise holds, such as 2026-12-31 (default: 30 days)")
    .option("-y, --yes", "don't ask; needed where there is no terminal")
    .addHelpText(
      "after",
      examples([
        [
          "baton limits sign limits.yaml",
          "shows each raised limit, asks, and adds your signature to it",
        ],
        [
          "baton limits sign limits.yaml --as reviewer",
          "as one of the two people of a mesh of `baton up` who may",
        ],
      ]),
    )
    .action(
      async (
        file: string,
        options: { readonly as?: string; readonly until?: string; readonly yes?: boolean },
        command: Command,
      ) => {
        const { signLimits } = await import("../limits/sign-limits.ts");
        await signLimits(file, { ...options, ...globalsOf(command) });
      },
    );
}
