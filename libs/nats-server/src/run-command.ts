import { execFile, type ExecFileException } from "node:child_process";

/** How a command is run; `timeoutMs` bounds it, `signal` ends it early. */
export interface CommandOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/**
 * Runs a program without a shell and answers with its standard output.
 *
 * Rejects with a message that names the program and holds the last lines of its standard error.
 */
export function runCommand(
  file: string,
  args: readonly string[],
  { signal, timeoutMs, cwd, env }: CommandOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      signal,
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      maxBuffer: MAX_OUTPUT_BYTES,
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env }),
    } as const;
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (signal.aborted) return reject(signal.reason);
      reject(new Error(describe({ file, error, stderr, timeoutMs }), { cause: error }));
    });
  });
}

function describe(failure: {
  file: string;
  error: ExecFileException;
  stderr: string;
  timeoutMs: number;
}): string {
  const { file, error, stderr, timeoutMs } = failure;
  if (error.code === "ENOENT") return `there is no program ${file}`;
  if (error.code === "EACCES") return `${file} may not be executed`;
  const last = stderr.trim().split("\n").slice(-3).join(" | ").slice(0, 400);
  const how =
    error.killed === true
      ? `took over ${timeoutMs} ms`
      : `ended with ${error.code ?? error.signal}`;
  return last === "" ? `${file} ${how}` : `${file} ${how}: ${last}`;
}
