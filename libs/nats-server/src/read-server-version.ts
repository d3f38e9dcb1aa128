import { runCommand } from "./run-command.ts";

/** The version that a nats-server program says it is; rejects if it says none within 10 s. */
export async function readServerVersion(path: string, signal: AbortSignal): Promise<string> {
  const output = await runCommand(path, ["--version"], { signal, timeoutMs: 10_000 });
  const version = /^nats-server: v(\d+\.\d+\.\d+\S*)/m.exec(output)?.[1];
  if (version === undefined) {
    throw new Error(`it isn't a nats-server: it answers ${JSON.stringify(output.slice(0, 60))}`);
  }
  return version;
}
