import type { Command } from "commander";

import { examples } from "../examples.ts";

/** `baton nats-config` */
export function register(program: Command): void {
  program
    .command("nats-config")
    .description("print what a nats-server of your own must know about who may do what")
    .option("--keys <file>", "public keys by kind of process; deploy/nats/keys.yaml is one")
    .option("--new-keys <folder>", "make the keys that aren't there yet, and print that file")
    .addHelpText(
      "after",
      examples([
        ["baton nats-config --new-keys ./seeds > keys.yaml", "a seed per kind, mode 0600"],
        ["baton nats-config --keys keys.yaml > access.conf", "deploy/nats/server.conf includes it"],
      ]),
    )
    .action(async (options: { readonly keys?: string; readonly newKeys?: string }) => {
      const { natsConfig } = await import("../nats-config/nats-config.ts");
      await natsConfig(options);
    });
}
