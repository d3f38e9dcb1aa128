/**
 * Debian's Alertmanager for tests: on PATH, in the project's cache, or fetched from Debian's archive into it, not installed.
 *
 * It reads templates from a folder that only an installation brings. The fetched one is told to look below its working directory
 * instead: the folder's name in the program is replaced by one of the same length.
 */
import { execFile } from "node:child_process";
import { accessSync, constants, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { fetchDebianPackage, fillCache, type Program, readCache } from "@baton/nats-server";

/** A program that runs here, or why there's none. */
export type FoundAlertmanager =
  | { readonly found: true; readonly path: string; readonly version: string }
  | { readonly found: false; readonly why: string };

const run = promisify(execFile);
const NAME = "prometheus-alertmanager";
const CACHE = join(import.meta.dirname, "../../..", ".baton/cache/alertmanager");

const checkVersion: Program["checkVersion"] = (version) =>
  /^(?:0\.(?:2[7-9]|[3-9]\d)|[1-9]\d*\.\d+)\./.test(version)
    ? { ok: true }
    : { ok: false, reason: `Alertmanager ${version || "(none)"}: 0.27 or newer is needed` };

const PROGRAM: Program = {
  name: NAME,
  readVersion: async (path, signal) => {
    const { stdout, stderr } = await run(path, ["--version"], { signal, timeout: 10_000 });
    const version = /^alertmanager, version (\d+\.\d+\.\d+)/m.exec(stdout + stderr)?.[1];
    if (version === undefined) throw new Error("it isn't an Alertmanager");
    return version;
  },
  checkVersion,
};

const PACKAGE = {
  // It runs on bookworm, too.
  suite: "trixie",
  name: NAME,
  file: `usr/bin/${NAME}`,
  checkVersion,
};

const INSTALLED_TEMPLATES = "/usr/share/prometheus/alertmanager";
/** Of the same length. */
const MOVED_TEMPLATES = "/proc/self/cwd/share/alertmanager/";
/** Where a fetched one looks for its templates, below its working directory. */
export const TEMPLATES = "share/alertmanager";

function moveTemplates(file: string): void {
  const program = readFileSync(file);
  let at = program.indexOf(INSTALLED_TEMPLATES);
  if (at < 0) throw new Error(`${NAME} names no ${INSTALLED_TEMPLATES}`);
  for (; at >= 0; at = program.indexOf(INSTALLED_TEMPLATES, at)) program.write(MOVED_TEMPLATES, at);
  writeFileSync(file, program);
}

/**
 * Finds it. Where it can't be had `why` says what was tried, so that a test can say that it was skipped; on Debian, where it can
 * always be had, that is an error.
 */
export async function findAlertmanager(): Promise<FoundAlertmanager> {
  const signal = AbortSignal.timeout(180_000);
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  for (const path of programsOnPath()) {
    const version = await PROGRAM.readVersion(path, signal).catch(() => "");
    if (PROGRAM.checkVersion(version).ok) return { found: true, path, version };
  }
  const where = { folder: CACHE, program: PROGRAM };
  const cached = await readCache(where, signal);
  if (cached) return { found: true, ...cached };
  try {
    const { path, version } = await fillCache({
      ...where,
      signal,
      log,
      fetcher: async (work) => {
        const program = await fetchDebianPackage(PACKAGE, { work, signal, log, env: process.env });
        moveTemplates(program);
        return program;
      },
    });
    return { found: true, path, version };
  } catch (error) {
    const why = `no ${NAME} on PATH, in ${CACHE} or in Debian's archive: ${String(error)}`;
    if (isDebian()) throw new Error(why, { cause: error });
    return { found: false, why };
  }
}

function programsOnPath(): string[] {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, NAME))
    .filter((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function isDebian(): boolean {
  try {
    return /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
}
