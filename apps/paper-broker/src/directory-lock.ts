import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Another running process has the directory. */
export class DirectoryLocked extends Error {
  override readonly name = "DirectoryLocked";
  readonly pid: number;

  constructor(directory: string, pid: number) {
    super(`${directory} is in use by another paper broker (pid ${pid})`);
    this.pid = pid;
  }
}

/**
 * Takes the directory for this process, and returns what gives it back; throws DirectoryLocked.
 *
 * The lock of a process that was killed is taken over. A process is known by its id and its start time, so that
 * another one that got the same id after a restart doesn't count as the holder.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, "broker.lock");
  const mine = identityOf(process.pid);
  for (let round = 0; round < 3; round += 1) {
    try {
      writeFileSync(path, mine, { flag: "wx", mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = readLock(path);
    const pid = Number(holder.split(" ")[0]);
    if (pid > 0 && holder !== mine && holder === identityOf(pid))
      throw new DirectoryLocked(directory, pid);
    rmSync(path, { force: true });
  }
  throw new Error(`${path} can't be taken: another process takes it at the same time`);
}

function readLock(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** `<pid> <start time>`; without a start time where the system has no /proc; empty if there is no such process. */
function identityOf(pid: number): string {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return "";
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name may hold spaces and parentheses; the fields after it don't.
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    return `${pid} ${started}`;
  } catch {
    return `${pid} `;
  }
}
