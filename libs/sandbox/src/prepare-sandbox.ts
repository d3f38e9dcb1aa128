import { execFile } from "node:child_process";
/** What whoever starts services or tests does about bubblewrap: it is fetched like nats-server where Debian has it. */
import { promisify } from "node:util";

import type { Failure } from "@baton/contracts";
import { fetchDebianPackage, fillCache, type Program } from "@baton/nats-server";

import { BUBBLEWRAP_CACHE, findBubblewrap } from "./find-bubblewrap.ts";
import { openSandbox } from "./open-sandbox.ts";

const run = promisify(execFile);

const checkVersion: Program["checkVersion"] = (version) =>
  /^(?:0\.(?:[89]|\d{2,})|[1-9]\d*\.\d+)\./.test(version)
    ? { ok: true }
    : { ok: false, reason: `bubblewrap ${version || "(none)"}: 0.8 or newer is needed` };

const PROGRAM: Program = {
  name: "bwrap",
  readVersion: async (path, signal) => {
    const { stdout } = await run(path, ["--version"], { signal, timeout: 10_000 });
    const version = /^bubblewrap (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
    if (version === undefined) throw new Error("it isn't bubblewrap");
    return version;
  },
  checkVersion,
};

/** The oldest Debian release with one that will do. */
const PACKAGE = { suite: "bookworm", name: "bubblewrap", file: "usr/bin/bwrap", checkVersion };

/**
 * Sees to it that there's a sandbox: fetches bubblewrap into the checkout's cache if this machine has none and Debian's archive can be
 * asked. Gives back why there is none all the same.
 */
export async function prepareSandbox(of: {
  readonly signal: AbortSignal;
  /** Told what is being done, one line at a time; only a fetch says anything. */
  readonly log: (line: string) => void;
}): Promise<Failure | undefined> {
  if (process.platform === "linux" && findBubblewrap() === undefined) await fetchBubblewrap(of);
  const { trouble } = await openSandbox({ setting: "required" });
  return trouble();
}

async function fetchBubblewrap({
  signal,
  log,
}: Parameters<typeof prepareSandbox>[0]): Promise<void> {
  try {
    await fillCache({
      folder: BUBBLEWRAP_CACHE,
      program: PROGRAM,
      signal,
      log,
      fetcher: (work) => fetchDebianPackage(PACKAGE, { work, signal, log, env: process.env }),
    });
  } catch (error) {
    signal.throwIfAborted();
    log(`no bubblewrap from Debian: ${error instanceof Error ? error.message : String(error)}`);
  }
}
