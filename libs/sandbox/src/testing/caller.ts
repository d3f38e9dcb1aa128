/**
 * A process that runs something in a sandbox: `caller.ts SCRIPT`. Says "running" right before, and what came of it at the end.
 */
import { openSandbox } from "../open-sandbox.ts";

const [, , script = ""] = process.argv;
const sandbox = await openSandbox({ setting: "required" });
process.stdout.write("running\n");
const end = await sandbox.run(
  { command: ["/bin/sh", "-c", script] },
  { signal: new AbortController().signal },
);
process.stdout.write(`${JSON.stringify(end)}\n`);
