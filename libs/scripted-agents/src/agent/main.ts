/** Behaves like `codex` or `claude`, by the name in its first argument: node main.ts codex|claude ARGUMENTS… */
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";

const [name = "", ...args] = process.argv.slice(2);
const code = await (name === "claude" ? claude(args) : codex(args));
// A tool or a timer that is left doesn't hold it.
process.exit(code);
