import { prepareSandbox } from "@baton/sandbox/prepare-sandbox";

/**
 * Vitest's global setup: sees to it that there's a sandbox before any test's clock runs. Where there can't be one all tests run
 * without, but those of the sandbox itself, which don't run; it is said.
 */
export async function setup(): Promise<void> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const trouble = await prepareSandbox({ signal: AbortSignal.timeout(300_000), log });
  if (trouble === undefined) return;
  log(
    `\nNOT TESTED: the sandbox; all other tests run with BATON_SANDBOX=off. ${trouble.message}. ${trouble.action}\n`,
  );
  process.env["BATON_SANDBOX"] = "off";
}
