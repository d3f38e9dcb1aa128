import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own that's removed with everything in it. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
  /** May be called again; it also happens when the process exits. */
  remove(): void;
}

/** Makes an empty folder for `purpose`, such as `nats`, which its name starts with. */
export function temporaryFolder(purpose: string): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), `baton-${purpose}-`));
  const remove = (): void => {
    process.off("exit", remove);
    // A process that is about to end may still write into it.
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  };
  process.once("exit", remove);
  return { path, remove, [Symbol.dispose]: remove };
}
