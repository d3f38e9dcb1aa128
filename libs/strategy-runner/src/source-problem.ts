import { execFile } from "node:child_process";
import { join } from "node:path";

import { printable } from "@baton/text/printable";

const WITHIN_MS = 20_000;
const OUTPUT_BYTES = 64 * 1024;

/** What keeps a file from being a strategy's source, as far as that shows without running it; undefined if nothing does. */
export async function sourceProblem(bytes: Uint8Array): Promise<string | undefined> {
  let source: string;
  try {
    source = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "it isn't UTF-8";
  }
  const child = join(import.meta.dirname, "source-child.ts");
  const said = await new Promise<string>((resolve, reject) => {
    const running = execFile(
      process.execPath,
      ["--experimental-vm-modules", "--no-warnings", child],
      { timeout: WITHIN_MS, maxBuffer: OUTPUT_BYTES, env: {} },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
    running.stdin?.on("error", () => undefined);
    running.stdin?.end(source);
  });
  return said === "" ? undefined : printable(said).slice(0, 400);
}
