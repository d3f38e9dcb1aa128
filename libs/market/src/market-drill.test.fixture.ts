import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { MarketError } from "./market-error.ts";

/** The `MarketError` that a load fails with; anything else fails the test. */
export async function caught(load: Promise<unknown>): Promise<MarketError> {
  const outcome = await load.then(
    () => new Error("loaded"),
    (error: unknown) => error,
  );
  if (outcome instanceof MarketError) return outcome;
  throw outcome;
}

/** Runs `use` in a folder of its own, which is gone afterwards. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "market-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
