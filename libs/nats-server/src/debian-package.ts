/**
 * A program out of Debian's archive, on machines that have apt, without installing anything.
 *
 * apt runs with a configuration of its own: own sources list, state and cache in a work folder; it
 * takes from the machine only the proxy, the credentials and the keyrings, and changes nothing of
 * it. apt itself checks the archive's signature and the package's digest.
 */
import { existsSync, globSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { VersionCheck } from "@baton/mesh";

import { messageOf } from "./nats-server-error.ts";
import { runCommand } from "./run-command.ts";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** Debian's own address, which its installer puts into every sources list that names no other. */
const DEFAULT_MIRROR = "http://deb.debian.org/debian";
const MAX_MIRRORS = 3;
const COMMAND_MS = 180_000;

const DEBIAN_SUITE = /^(?:bullseye|bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)$/;

/** A package and the program in it. */
export interface DebianPackage {
  /** Name of the release. */
  readonly suite: string;
  readonly name: string;
  /** Where the program is, such as `usr/sbin/nats-server`. */
  readonly file: string;
  checkVersion(version: string): VersionCheck;
}

interface Job {
  readonly work: string;
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Downloads and unpacks a package into `work` and answers with the path of the program. */
export async function fetchDebianPackage(wanted: DebianPackage, job: Job): Promise<string> {
  const { signal } = job;
  const architecture = await run(job, "dpkg", ["--print-architecture"]);
  if (!existsSync(KEYRING)) {
    throw new Error(`${KEYRING} is missing: apt-get install debian-archive-keyring`);
  }
  const failures: string[] = [];
  for (const mirror of await mirrors(job)) {
    try {
      return await fetchFrom(wanted, { mirror, architecture: architecture.trim() }, job);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(`${mirror}: ${messageOf(error)}`);
    }
  }
  throw new Error(failures.join("; "));
}

async function mirrors(job: Job): Promise<string[]> {
  const lists = join(job.work, "machine/lists");
  mkdirSync(join(lists, "partial"), { recursive: true });
  // With empty lists apt names every file that it would fetch; it fetches none.
  const args = ["update", "--print-uris", "-o", `Dir::State::lists=${lists}`];
  return mirrorsOf(await run(job, "apt-get", args).catch(() => ""));
}

/** Debian mirrors among what `apt-get update --print-uris` says, at most three, then Debian's own. */
export function mirrorsOf(uris: string): string[] {
  const found = [...uris.matchAll(/^'([^']+)\/dists\/([^/']+)\/InRelease'/gm)].flatMap(
    ([, mirror, suite]) => (mirror !== undefined && DEBIAN_SUITE.test(suite ?? "") ? [mirror] : []),
  );
  // Others name their suites like Debian's; asking them in vain only costs time.
  const debianFirst = found.toSorted(
    (a, b) => Number(b.endsWith("/debian")) - Number(a.endsWith("/debian")),
  );
  return [...new Set([...debianFirst.slice(0, MAX_MIRRORS), DEFAULT_MIRROR])];
}

interface Source {
  readonly mirror: string;
  readonly architecture: string;
}

async function fetchFrom(wanted: DebianPackage, source: Source, job: Job): Promise<string> {
  const { suite, name, file } = wanted;
  const { work, log } = job;
  const config = writeConfiguration(work, sourcesOf(suite, source));
  log(`reading the package list of Debian ${suite} from ${source.mirror}`);
  await run(job, "apt-get", ["-c", config, "-q", "update", "--error-on=any"]);
  const offered = await run(job, "apt-cache", ["-c", config, "madison", name]);
  const version = offered.split("|")[1]?.trim() ?? "";
  const check = wanted.checkVersion(version.replace(/^\d+:/, ""));
  if (!check.ok) throw new Error(version === "" ? `it has no ${name}` : check.reason);
  log(`downloading ${name} ${version} of Debian ${suite}`);
  await run(job, "apt-get", ["-c", config, "-q", "download", name]);
  const [archive] = globSync(`${name}_*.deb`, { cwd: work });
  if (archive === undefined) throw new Error("apt-get download left no package");
  await run(job, "dpkg-deb", ["-x", archive, "unpacked"]);
  return join(work, "unpacked", file);
}

function sourcesOf(suite: string, { mirror, architecture }: Source): string {
  return [
    "Types: deb",
    `URIs: ${mirror}`,
    `Suites: ${suite}`,
    "Components: main",
    `Architectures: ${architecture}`,
    "Targets: Packages",
    "Languages: none",
    "PDiffs: no",
    `Signed-By: ${KEYRING}`,
    "",
  ].join("\n");
}

function writeConfiguration(work: string, sources: string): string {
  const path = join(work, "apt.conf");
  mkdirSync(join(work, "state/lists/partial"), { recursive: true });
  mkdirSync(join(work, "cache/archives/partial"), { recursive: true });
  writeFileSync(join(work, "status"), "");
  writeFileSync(join(work, "debian.sources"), sources);
  const settings = {
    "Dir::State": join(work, "state"),
    "Dir::State::lists": join(work, "state/lists"),
    "Dir::State::status": join(work, "status"),
    "Dir::Cache": join(work, "cache"),
    "Dir::Cache::archives": join(work, "cache/archives"),
    "Dir::Etc::sourcelist": join(work, "debian.sources"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    // As root apt would become _apt, who can't reach a folder in somebody's home.
    "APT::Sandbox::User": "root",
    "APT::Get::AllowUnauthenticated": "false",
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::Retries": "1",
    "Acquire::http::Timeout": "10",
    "Acquire::https::Timeout": "10",
  };
  // Read after the machine's own files, so this has the last word; hooks would act on the machine.
  const cleared = [
    "APT::Update::Pre-Invoke",
    "APT::Update::Post-Invoke",
    "APT::Update::Post-Invoke-Success",
    "APT::Default-Release",
  ];
  const lines = [
    ...cleared.map((name) => `#clear ${name};`),
    ...Object.entries(settings).map(([name, value]) => `${name} "${value}";`),
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

function run({ work, signal, env }: Job, file: string, args: readonly string[]): Promise<string> {
  return runCommand(file, args, {
    signal,
    cwd: work,
    timeoutMs: COMMAND_MS,
    env: { ...env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
  });
}
