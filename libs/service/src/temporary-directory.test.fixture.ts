import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

/** For tests: a fresh directory that's removed when the test is over. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "baton-service-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
