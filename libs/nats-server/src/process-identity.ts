import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Something that tells this process from every other that has or will have its number, or
 * undefined if there's no such process (a zombie counts as none).
 *
 * Linux: the start time in ticks since boot, from /proc; elsewhere what `ps` says.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return undefined;
  }
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name stands in parentheses and may hold anything, so count from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state] = fields;
    const startTicks = fields[19];
    return state === "Z" || state === "X" ? undefined : (startTicks ?? "unknown");
  } catch {
    return undefined;
  }
}

/** The same by way of `ps`, for systems without /proc; only word characters. */
export function fromPs(pid: number): string | undefined {
  try {
    const answer = execFileSync("ps", ["-o", "stat=", "-o", "lstart=", "-p", `${pid}`], {
      encoding: "utf8",
      timeout: 5000,
      stdio: ["ignore", "pipe", "ignore"],
      // Two processes with different settings must read the same time.
      env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" },
    });
    const [state = "", ...started] = answer.trim().split(/\s+/);
    const gone = state.startsWith("Z") || started.length === 0;
    return gone ? undefined : started.join("_").replaceAll(/\W/g, "_");
  } catch (error) {
    // Without a `ps` there's only the number to go by; otherwise it says that there's none.
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return missing ? "unknown" : undefined;
  }
}
