/** For tests: a real service in a child process, its log as objects, and its end. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { onTestFinished } from "vitest";

/** A line of a service's log. */
type LogLine = Record<string, unknown>;

/** A child process that's a service, or that starts one. */
export interface SpawnedService {
  readonly child: ChildProcess;
  readonly log: readonly LogLine[];
  /** The first line, past or future, with this message; rejects if the process ends without it. */
  line(message: string): Promise<LogLine>;
  /** Fetches a path from the address that the service logged. */
  get(path: string): Promise<Response>;
  /** Resolves when the process is over and nothing holds its output any more. */
  readonly ended: Promise<{ code: number | null; stderr: string }>;
}

/** What `get` brings. */
const TOKEN = "reader-of-a-test-0123456789abcdef";
const PACKAGE = join(import.meta.dirname, "..");
/** Not in the shared temporary folder: what lies there may be somebody else's code. */
const COMPILED = join(PACKAGE, "../../.baton/cache/compile");

/** Source of a service whose `start` has this body, with `context` in scope. */
export function serviceSource(startBody: string): string {
  return `
    import { runService, ServiceConfig, StartFailure } from "@baton/service";
    await runService({
      name: "sample",
      config: ServiceConfig,
      async start(context: import("@baton/service").ServiceContext) { ${startBody} },
    });`;
}

/** Runs TypeScript source in Node; it's killed when the test is over. */
export function spawnSource(
  source: string,
  { env = {}, stdin = "ignore" }: { env?: Record<string, string>; stdin?: "ignore" | "pipe" } = {},
): SpawnedService {
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", source], {
    cwd: PACKAGE,
    env: {
      PATH: process.env["PATH"],
      NODE_COMPILE_CACHE: COMPILED,
      BATON_READ_TOKEN: TOKEN,
      ...env,
    },
    stdio: [stdin, "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const log: LogLine[] = [];
  const listeners = new Set<() => void>();
  if (child.stdout === null || child.stderr === null) throw new Error("the child has no output");
  createInterface({ input: child.stdout }).on("line", (text) => {
    log.push(JSON.parse(text));
    for (const listener of listeners) listener();
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const { promise: ended, resolve } = Promise.withResolvers<{
    code: number | null;
    stderr: string;
  }>();
  child.once("close", (code) => resolve({ code, stderr }));

  async function line(message: string): Promise<LogLine> {
    const found = Promise.withResolvers<LogLine>();
    const look = (): void => {
      const match = log.find(({ msg }) => msg === message);
      if (match) found.resolve(match);
    };
    listeners.add(look);
    look();
    void ended.then(() => found.reject(new Error(`ended without "${message}": ${stderr}`)));
    return found.promise.finally(() => listeners.delete(look));
  }

  return {
    child,
    log,
    line,
    ended,
    async get(path) {
      const { address } = await line("listening");
      return fetch(`${String(address)}${path}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
    },
  };
}

/** Runs a service whose `start` has this body. */
export function spawnService(
  startBody: string,
  options?: { env?: Record<string, string>; stdin?: "ignore" | "pipe" },
): SpawnedService {
  return spawnSource(serviceSource(startBody), options);
}
