import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton trust` */
export function register(program: Command): void {
  program
    .command("trust [mesh] [keys...]")
    .description(
      "know a mesh by its name and the keys of its receipts; without them: list those known",
    )
    .addHelpText(
      "after",
      examples([
        ["baton trust mesh-0f3c… UAXR…", "the line that whoever keeps the mesh gave you"],
        ["baton trust", "those that are known, that of your own `baton up` included"],
      ]),
    )
    .action(
      async (mesh: string | undefined, keys: string[], _options: object, command: Command) => {
        const { trust } = await import("../trust/trust.ts");
        await trust(mesh === undefined ? [] : [mesh, ...keys], globalsOf(command));
      },
    );
}
