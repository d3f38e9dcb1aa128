/**
 * A tracing UI that runs here: Jaeger where there is one (the file that JAEGER names, or `jaeger` on PATH), else the one of npm that
 * is pinned in ../pinned, installed once into the project's cache.
 */
import { execFile } from "node:child_process";
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { EXIT, UserError } from "@baton/text/user-error";

/** What is run, and where its parts listen. */
export interface Program {
  readonly name: "jaeger" | "autotel-devtools";
  readonly file: string;
  readonly args: (ports: Ports, database: string) => string[];
  /** Address of the page; traces are taken at that of `ports.otlp`. */
  readonly page: (ports: Ports) => string;
  /** Answers as soon as it is ready. */
  readonly health: (ports: Ports) => string;
  /** Below the page's address, with `{traceId}`. */
  readonly trace: string;
}

/** Ports of this machine that are free. */
export interface Ports {
  readonly otlp: number;
  readonly grpc: number;
  readonly page: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const PINNED = join(import.meta.dirname, "../pinned");
const VERSION = "27.1.0";
const CACHE = join(import.meta.dirname, `../../../.baton/cache/tracing-ui/${VERSION}`);
const INSTALL_MS = 300_000;
const run = promisify(execFile);

const local = (port: number): string => `http://127.0.0.1:${port}`;

/** Finds it; throws `UserError` if there is none and none can be installed. */
export async function findProgram(options: {
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}): Promise<Program> {
  const named = options.env["JAEGER"] ?? "";
  if (named !== "") {
    if (isProgram(named)) return jaeger(named);
    throw new UserError({
      code: "E_INVALID",
      exit: EXIT.invalid,
      message: "JAEGER isn't a program that can be run",
      value: named,
      rule: "the file of a Jaeger 2",
      action: "Correct JAEGER, or leave it out: then one on PATH or the one of npm is used.",
    });
  }
  const found = (options.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "jaeger"))
    .find(isProgram);
  if (found !== undefined) return jaeger(found);
  return devtools(await installed(options));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function jaeger(file: string): Program {
  const set = (key: string, port: number): string[] => ["--set", `${key}=127.0.0.1:${port}`];
  return {
    name: "jaeger",
    file,
    args: ({ otlp, grpc, page }) => [
      ...set("receivers.otlp.protocols.http.endpoint", otlp),
      ...set("receivers.otlp.protocols.grpc.endpoint", grpc),
      ...set("extensions.jaeger_query.http.endpoint", page),
    ],
    page: ({ page }) => local(page),
    health: ({ page }) => local(page),
    trace: "/trace/{traceId}",
  };
}

function devtools(script: string): Program {
  return {
    name: "autotel-devtools",
    file: process.execPath,
    args: ({ otlp, grpc }, database) => {
      const ports = ["--port", String(otlp), "--grpc-port", String(grpc)];
      return [script, "--host", "127.0.0.1", ...ports, "--db", database];
    },
    page: ({ otlp }) => local(otlp),
    health: ({ otlp }) => `${local(otlp)}/healthz`,
    trace: "/#trace={traceId}",
  };
}

/** Its script, installed if it isn't yet: by the lock file, so that every byte is one that was looked at. */
async function installed({
  signal,
  log,
}: {
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}): Promise<string> {
  const script = join("node_modules/autotel-devtools/dist/cli.js");
  if (existsSync(join(CACHE, script))) return join(CACHE, script);
  log("installing a tracing UI, once (75 MB) …");
  const work = `${CACHE}.${process.pid}.new`;
  try {
    mkdirSync(work, { recursive: true });
    for (const file of ["package.json", "package-lock.json"])
      copyFileSync(join(PINNED, file), join(work, file));
    const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--workspaces=false"];
    await run("npm", args, { cwd: work, signal, timeout: INSTALL_MS });
    if (!existsSync(join(CACHE, script))) renameSync(work, CACHE);
  } catch (error) {
    signal.throwIfAborted();
    throw new UserError({
      code: "E_UNAVAILABLE",
      exit: EXIT.unavailable,
      message: `no tracing UI: there is no jaeger on PATH, and npm couldn't install autotel-devtools ${VERSION}: ${lastLine(error)}`,
      action:
        "Put Jaeger 2 on PATH, or name its file in JAEGER; or leave --traces out and set OTEL_EXPORTER_OTLP_ENDPOINT to a receiver of your own.",
      cause: error,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return join(CACHE, script);
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trimEnd().split("\n").at(-1) ?? text;
}
