import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A real paper broker in a process of its own. */
export interface BrokerProcess {
  readonly url: string;
  /** What it logged and complained so far. */
  output(): string;
  /** Ends it and waits until it's gone: by default as a crash does. */
  kill(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a broker on `directory`; resolves when it is ready, or rejects with its output when it ended before. */
export async function startBroker(
  directory: string,
  options: { port?: number; faults?: boolean } = {},
): Promise<BrokerProcess> {
  const addressFile = join(directory, "address");
  rmSync(addressFile, { force: true });
  const child = spawn(process.execPath, [join(import.meta.dirname, "../main.ts")], {
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      BATON_BROKER_DIR: directory,
      BATON_BROKER_FAULTS: options.faults ? "1" : "0",
      BATON_HTTP_PORT: String(options.port ?? 0),
      BATON_ADDRESS_FILE: addressFile,
      BATON_EXIT_WITH_PARENT: "1",
      BATON_TRACES_PER_SECOND: "0",
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const url = await ready(child, addressFile, () => output);
  return {
    url,
    output: () => output,
    async kill(signal = "SIGKILL") {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, "exit");
        child.kill(signal);
        await gone;
      }
      return child.exitCode;
    },
  };
}

async function ready(child: ChildProcess, file: string, output: () => string): Promise<string> {
  for (let round = 0; round < 400; round += 1) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output()}`);
    const url = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
    if (url !== "") {
      const answer = await fetch(`${url}/readyz`).catch(() => undefined);
      if (answer?.ok) return url;
    }
    await sleep(25);
  }
  throw new Error(`it isn't ready: ${output()}`);
}
