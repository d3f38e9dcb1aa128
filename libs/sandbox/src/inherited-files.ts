import { readdirSync, readFileSync } from "node:fs";

const CLOSE_ON_EXEC = 0o2000000;

/**
 * Numbers of open files that a program started now would get from us without being told: whoever started this process left them
 * open. Node closes its own.
 */
export function inheritedFiles(): number[] {
  return readdirSync("/proc/self/fdinfo").flatMap((name) => {
    const fd = Number(name);
    return fd > 2 && !closesOnExec(name) ? [fd] : [];
  });
}

function closesOnExec(name: string): boolean {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${name}`, "utf8");
    const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? "0", 8);
    return (flags & CLOSE_ON_EXEC) !== 0;
  } catch {
    // The one by which the folder was read.
    return true;
  }
}
