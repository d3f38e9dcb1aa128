import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton audit verify FILE` */
export function register(program: Command): void {
  const audit = program.command("audit").description("check sealed evidence");
  audit
    .command("verify")
    .description("check that an audit pack is whole, unchanged and signed; needs no server")
    .argument("<file>")
    .option("--key <file>", "public key (PEM) that it must be signed with")
    .addHelpText(
      "after",
      examples([
        ["baton audit verify pack.tar", "against the key inside the pack"],
        ["baton audit verify pack.tar --key audit.pub", "against a key that you trust"],
      ]),
    )
    .action(async (file: string, options: { key?: string }, command: Command) => {
      const { verifyPack } = await import("../audit/verify-pack.ts");
      await verifyPack(file, { ...options, ...globalsOf(command) });
    });
}
