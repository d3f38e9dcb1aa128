import { write } from "@baton/terminal";
import { Argument, type Command } from "commander";

import { SCRIPTS, type Shell, SHELLS } from "../completion/scripts.ts";
import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton completion SHELL`, and `baton complete`, which its scripts ask. */
export function register(program: Command): void {
  program
    .command("completion")
    .description("print what a shell reads to complete commands, options and candidates")
    .addArgument(new Argument("<shell>").choices([...SHELLS]))
    .addHelpText(
      "after",
      examples([
        ['eval "$(baton completion bash)"', "in ~/.bashrc; zsh alike, in ~/.zshrc after compinit"],
        ["baton completion fish | source", "in ~/.config/fish/config.fish"],
      ]),
    )
    .addHelpText(
      "after",
      "\nIt completes `baton` as a command of its own, not `npx baton`: have node_modules/.bin in PATH.",
    )
    .action((shell: Shell) => write(SCRIPTS[shell]));
  program
    .command("complete", { hidden: true })
    .description("print what could be typed next, for the scripts of `completion`")
    .argument("[words...]")
    .addHelpText("after", examples([["baton complete -- get c", "candidates, controls"]]))
    .action(async (words: string[], _options: object, command: Command) => {
      const [{ completionsFor }, { findIds }] = await Promise.all([
        import("../completion/complete.ts"),
        import("../completion/find-ids.ts"),
      ]);
      const globals = globalsOf(command);
      const found = await completionsFor(program, words, (beginning, mesh) =>
        findIds(beginning, { ...globals, ...mesh }),
      );
      await write(found.map((word) => `${word}\n`).join(""));
      // A server that doesn't answer must not keep the prompt waiting.
      process.exit(0);
    });
}
