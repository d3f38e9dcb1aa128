/** Behaves like `codex` or `claude`, by the name in its first argument: node main.ts codex|claude ARGUMENTS… */
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";

const [name = "", ...args] = process.argv.slice(2);
const code = await (name === "claude" ? claude(args) : codex(args));
// All that it said is out first: a full pipe takes it later.
await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
// A tool or a timer that is left doesn't hold it.
process.exit(code);
