import type { Command } from "commander";

import type { VerifyOptions } from "../audit/verify-pack.ts";
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
    .option("--people <file>", "key registry: whose commands the journal may rest on")
    .option("--self-signed", "be content with the key inside the pack: nobody vouches for it")
    .addHelpText(
      "after",
      examples([
        ["baton audit verify pack.tar --key audit.pub", "against a key that you trust"],
        ["baton audit verify pack.tar --key audit.pub --people people.yaml", "and people you know"],
        ["baton audit verify pack.tar --self-signed", "unchanged since somebody sealed it"],
      ]),
    )
    .action(async (file: string, options: VerifyOptions, command: Command) => {
      const { verifyPack } = await import("../audit/verify-pack.ts");
      await verifyPack(file, { ...options, ...globalsOf(command) });
    });
}
