import { fstatSync } from "node:fs";

import { EXIT, StartFailure } from "./exit-codes.ts";

/**
 * Calls `gone` once when the parent process no longer exists, however it ended.
 *
 * The kernel closes the other end of our standard input, and of the IPC channel if there's one,
 * even after a SIGKILL of the parent. Throws StartFailure if neither could tell.
 */
export function watchParent(gone: (how: string) => void): void {
  if (process.connected) {
    process.once("disconnect", () => gone("the IPC channel to the parent is closed"));
    return;
  }
  if (!isPipe()) {
    throw new StartFailure({
      code: "E_CONFIG",
      exitCode: EXIT.invalidInput,
      message:
        "BATON_EXIT_WITH_PARENT is set, but standard input is neither a pipe nor a socket whose closing would tell that the parent is gone",
      action: "start the service with standard input as a pipe, or unset BATON_EXIT_WITH_PARENT",
    });
  }
  const closed = (): void => gone("standard input is closed");
  process.stdin.once("end", closed).once("close", closed).once("error", closed).resume();
  // Watching must not keep a process alive that has nothing else to do.
  if ("unref" in process.stdin) process.stdin.unref();
}

function isPipe(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}
