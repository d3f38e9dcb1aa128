import { findNatsServer } from "@baton/nats-server";

/**
 * Vitest's global setup: fetches a nats-server before any test's clock runs, if there's none yet.
 *
 * Takes some 20 ms once it's there.
 */
export async function setup(): Promise<void> {
  await findNatsServer({
    signal: AbortSignal.timeout(300_000),
    log: (line) => process.stderr.write(`${line}\n`),
  });
}
