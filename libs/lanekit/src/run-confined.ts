/**
 * Runs generated code in a process of its own.
 *
 * F1: it may read its own folder and those named, nothing else; no writing, no child processes, no threads, no addons
 *     (Node's permission model, which is no sandbox against code that attacks Node itself).
 * F2: no environment, no inherited file descriptors but its output; time, heap and output are bounded.
 * F3: no network where the system lets an ordinary user have a network of their own (`unshare`); elsewhere it has one.
 * F4: its folder has a name that nobody can know before, is closed to others, and is gone afterwards.
 * So this is for code whose bytes are known to be ours; what isn't must not be run at all.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { promisify } from "node:util";

import { ownFolder } from "@baton/files";

/** What to run, and its bounds. */
export interface ConfinedRun {
  /** Folder of this service alone, in which the run's own is made. */
  readonly scratchDir: string;
  /** The run's files by name, the entry among them. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly entry: string;
  /** More of node's own arguments. */
  readonly nodeArgs?: readonly string[];
  /** Packages that it may import: folders by name. */
  readonly packages?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly heapMiB: number;
  readonly outputBytes: number;
  readonly signal: AbortSignal;
}

/** How it ended. */
export interface ConfinedEnd {
  readonly stdout: string;
  readonly stderr: string;
  /** Why it didn't end by itself with code 0; null if it did. */
  readonly error: Error | null;
  /** The run's folder, so that it can be left out of what is told. */
  readonly folder: string;
}

/** Longest that any run may last; a folder that is older was left by a process that is gone. */
const LEFTOVER_MS = 3_600_000;
const PREFIX = "run.";

const execFileText = promisify(execFile);

/** What gives a program a network of its own, in which there is nobody; empty where that isn't possible. */
let ownNetwork: Promise<readonly string[]> | undefined;

async function findOwnNetwork(): Promise<readonly string[]> {
  const command = ["/usr/bin/unshare", "--user", "--map-current-user", "--net", "--"];
  const [program = "", ...args] = command;
  try {
    await execFileText(program, [...args, "/bin/true"], { env: {}, timeout: 5000 });
    return command;
  } catch {
    return [];
  }
}

/** Runs it to its end; rejects only if its folder can't be made, with UnsafeFolder if somebody else made it. */
export async function runConfined(run: ConfinedRun): Promise<ConfinedEnd> {
  const scratchDir = await ownFolder(run.scratchDir);
  await sweep(scratchDir);
  const folder = await mkdtemp(join(scratchDir, PREFIX));
  try {
    const packages = Object.entries(run.packages ?? {});
    if (packages.length > 0) await mkdir(join(folder, "node_modules"));
    for (const [name, target] of packages)
      await symlink(target, join(folder, "node_modules", name));
    await Promise.all(
      Object.entries(run.files).map(([name, content]) => writeFile(join(folder, name), content)),
    );
    return { ...(await execute(run, folder)), folder };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

async function sweep(scratchDir: string): Promise<void> {
  const names = await readdir(scratchDir);
  await Promise.all(
    names
      .filter((name) => name.startsWith(PREFIX))
      .map(async (name) => {
        const path = join(scratchDir, name);
        const changed = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
        if (Date.now() - changed > LEFTOVER_MS) await rm(path, { recursive: true, force: true });
      }),
  );
}

async function execute(run: ConfinedRun, folder: string): Promise<Omit<ConfinedEnd, "folder">> {
  const readable = [folder, ...Object.values(run.packages ?? {})];
  const node = [
    process.execPath,
    "--permission",
    ...readable.map((path) => `--allow-fs-read=${path}${sep}`),
    "--disallow-code-generation-from-strings",
    "--disable-warning=ExperimentalWarning",
    `--max-old-space-size=${run.heapMiB}`,
    ...(run.nodeArgs ?? []),
    run.entry,
  ];
  ownNetwork ??= findOwnNetwork();
  const network = await ownNetwork;
  const [program = process.execPath, ...args] = [...network, ...node];
  const options = {
    cwd: folder,
    env: {},
    timeout: run.timeoutMs,
    maxBuffer: run.outputBytes,
    killSignal: "SIGKILL",
    signal: run.signal,
  } as const;
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ stdout, stderr, error });
    });
  });
}
