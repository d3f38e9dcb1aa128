import { prepareSandbox } from "@baton/sandbox/prepare-sandbox";

/** Sees to it that there's a sandbox, and says aloud where there can't be one; false then. */
async function hasSandbox(): Promise<boolean> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const trouble = await prepareSandbox({ signal: AbortSignal.timeout(300_000), log });
  if (trouble === undefined) return true;
  log(
    `\nNOT TESTED: the sandbox. ${trouble.message}. All else is tested with BATON_SANDBOX=off. ${trouble.action}\n`,
  );
  return false;
}

/**
 * Vitest's global setup: before any test's clock runs. Where there can't be a sandbox its own tests don't run, and all others
 * without.
 */
export async function setup(): Promise<void> {
  if (!(await hasSandbox())) process.env["BATON_SANDBOX"] = "off";
}

// As a program: whether there is one.
if (import.meta.main) process.exitCode = (await hasSandbox()) ? 0 : 1;
