import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

import { checkServerVersion, NATS_SERVER_FLOOR } from "@baton/mesh";

import {
  type CachedProgram,
  type Fetcher,
  fillCache,
  type Program,
  readCache,
} from "./binary-cache.ts";
import { fetchDebianPackage } from "./debian-package.ts";
import { fetchRelease, PINNED_VERSION, RELEASES_URL } from "./github-release.ts";
import { messageOf, NatsServerError, shown } from "./nats-server-error.ts";
import { readServerVersion } from "./read-server-version.ts";

/** Where a nats-server program came from. */
type NatsServerSource = "NATS_SERVER" | "PATH" | "cache" | "release" | "debian";

/** A nats-server program that runs on this machine and is new enough. */
export interface FoundNatsServer {
  readonly path: string;
  /** Such as `2.15.1`. */
  readonly version: string;
  readonly source: NatsServerSource;
}

/** What `findNatsServer` may use. */
export interface FindOptions {
  readonly signal: AbortSignal;
  /** Told what is being done, one line at a time; only a fetch says anything. */
  readonly log?: (message: string) => void;
  /** Holds one folder per version and platform; default `.baton/cache/nats-server` of the project. */
  readonly cacheDir?: string;
  /**
   * Default: the process's. NATS_SERVER: the program to use, and no other;
   * BATON_NATS_RELEASES: a mirror of the releases' address.
   */
  readonly env?: Environment;
}

type Environment = Readonly<Record<string, string | undefined>>;

const PROGRAM: Program = {
  name: "nats-server",
  readVersion: readServerVersion,
  checkVersion: checkServerVersion,
};
/** The oldest Debian release with a nats-server that's new enough. */
const DEBIAN_PACKAGE = {
  suite: "forky",
  name: "nats-server",
  file: "usr/sbin/nats-server",
  checkVersion: checkServerVersion,
};
const PROJECT_CACHE = join(import.meta.dirname, "../../..", ".baton/cache/nats-server");

/**
 * Finds a nats-server of at least 2.14: the one that NATS_SERVER names, on PATH, in the project's
 * cache; else fetches one into the cache, from the releases or from Debian's archive.
 *
 * Rejects with NatsServerError E_UNAVAILABLE that says what was tried and why each failed. Safe to
 * call from several processes at once: one fetches, the others wait.
 */
export async function findNatsServer(options: FindOptions): Promise<FoundNatsServer> {
  const { signal, log = () => undefined, cacheDir = PROJECT_CACHE, env = process.env } = options;
  const named = env["NATS_SERVER"] ?? "";
  if (named !== "") return { ...(await useNamed(named, signal)), source: "NATS_SERVER" };

  const tried: string[] = [];
  for (const path of programsOnPath(env["PATH"] ?? "")) {
    const probe = await probeProgram(path, signal);
    if (probe.ok) return { path, version: probe.version, source: "PATH" };
    tried.push(`${path}: ${probe.reason}`);
  }
  if (tried.length === 0) tried.push("PATH: there's no nats-server on it");

  const cached = await readCache({ folder: cacheDir, program: PROGRAM }, signal);
  if (cached !== undefined) return { ...cached, source: "cache" };
  tried.push(`cache ${cacheDir}: it has none of ${NATS_SERVER_FLOOR} or newer for this platform`);

  const baseUrl = env["BATON_NATS_RELEASES"] || RELEASES_URL;
  const sources: [NatsServerSource, Fetcher][] = [
    ["release", (work) => fetchRelease({ work, baseUrl, signal, log })],
    ["debian", (work) => fetchDebianPackage(DEBIAN_PACKAGE, { work, signal, log, env })],
  ];
  for (const [source, fetcher] of sources) {
    try {
      const filled = await fillCache({
        folder: cacheDir,
        program: PROGRAM,
        signal,
        log,
        fetcher,
      });
      const { path, version, fetched } = filled;
      log(`nats-server ${version} is at ${path}`);
      return { path, version, source: fetched ? source : "cache" };
    } catch (error) {
      signal.throwIfAborted();
      tried.push(`${source}: ${messageOf(error)}`);
      log(`no nats-server by way of ${source}: ${messageOf(error)}`);
    }
  }
  throw unavailable(tried, env);
}

async function useNamed(path: string, signal: AbortSignal): Promise<CachedProgram> {
  const probe = await probeProgram(path, signal);
  if (probe.ok) return { path, version: probe.version };
  throw new NatsServerError({
    code: "E_UNAVAILABLE",
    message: `NATS_SERVER=${shown(path)} can't be used: ${probe.reason}`,
    action: `set NATS_SERVER to a nats-server program of ${NATS_SERVER_FLOOR} or newer, or unset it`,
  });
}

async function probeProgram(
  path: string,
  signal: AbortSignal,
): Promise<{ ok: true; version: string } | { ok: false; reason: string }> {
  try {
    const version = await readServerVersion(path, signal);
    const check = checkServerVersion(version);
    return check.ok ? { ok: true, version } : check;
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, reason: messageOf(error) };
  }
}

function programsOnPath(path: string): string[] {
  const name = process.platform === "win32" ? "nats-server.exe" : "nats-server";
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .filter((file) => {
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile();
      } catch {
        return false;
      }
    });
}

function unavailable(tried: readonly string[], env: Environment): NatsServerError {
  const proxied = [env["HTTPS_PROXY"], env["https_proxy"]].some(Boolean);
  return new NatsServerError({
    code: "E_UNAVAILABLE",
    message: `there's no nats-server to be had; tried:\n${tried.map((line) => `  - ${line}`).join("\n")}`,
    action:
      `install nats-server ${PINNED_VERSION} (https://github.com/nats-io/nats-server/releases) and put it on PATH, ` +
      "or set NATS_SERVER to its path, or BATON_NATS_RELEASES to a mirror of the releases" +
      (proxied ? "; for HTTPS_PROXY to count set NODE_USE_ENV_PROXY=1 too" : ""),
  });
}
