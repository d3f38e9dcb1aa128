import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { basename, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

import { messageOf } from "./nats-server-error.ts";
import { runCommand } from "./run-command.ts";

/** The release that's fetched where none is installed. */
export const PINNED_VERSION = "2.15.1";
/** Where releases are published; a mirror has the same layout below its own address. */
export const RELEASES_URL = "https://github.com/nats-io/nats-server/releases/download";

const RESPONSE_MS = 4000;
const DOWNLOAD_MS = 300_000;
const MAX_ARCHIVE_BYTES = 64 * 1024 * 1024;
const MAX_SUMS_BYTES = 64 * 1024;

const PLATFORMS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: "linux",
  darwin: "darwin",
  win32: "windows",
};
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/**
 * Downloads the pinned release into `work`, checks it against the release's SHA256SUMS and answers
 * with the path of the program.
 *
 * Rejects within 4 s if the server doesn't answer; nothing is unpacked before its digest is right.
 */
export async function fetchRelease(options: {
  work: string;
  baseUrl: string;
  signal: AbortSignal;
  log: (message: string) => void;
}): Promise<string> {
  const { work, baseUrl, signal, log } = options;
  const name = archiveName();
  const archive = `${name}.${process.platform === "win32" ? "zip" : "tar.gz"}`;
  const url = `${baseUrl.replace(/\/+$/, "")}/v${PINNED_VERSION}`;
  log(`looking for nats-server ${PINNED_VERSION} at ${url}`);
  const sums = await download(`${url}/SHA256SUMS`, signal, (body) =>
    pipeline(body, limit(MAX_SUMS_BYTES), (bounded) => text(bounded)),
  );
  const expected = digestOf(sums, archive);
  log(`downloading ${archive}`);
  const target = join(work, archive);
  const digest = createHash("sha256");
  await download(`${url}/${archive}`, signal, (body) =>
    pipeline(body, limit(MAX_ARCHIVE_BYTES, digest), createWriteStream(target)),
  );
  const actual = digest.digest("hex");
  if (actual !== expected) {
    throw new Error(`${archive} has SHA-256 ${actual}, but SHA256SUMS says ${expected}`);
  }
  // Windows' own tar reads zip files too.
  await runCommand("tar", ["-xf", archive], { signal, cwd: work, timeoutMs: 60_000 });
  return join(work, name, process.platform === "win32" ? "nats-server.exe" : "nats-server");
}

/** The release's archive for this machine, without its extension; throws if there's none. */
export function archiveName(): string {
  const platform = PLATFORMS[process.platform];
  const architecture = ARCHITECTURES[process.arch];
  if (platform === undefined || architecture === undefined) {
    throw new Error(`there's no release for ${process.platform}-${process.arch}`);
  }
  return `nats-server-v${PINNED_VERSION}-${platform}-${architecture}`;
}

async function download<T>(
  url: string,
  signal: AbortSignal,
  read: (body: Readable) => Promise<T>,
): Promise<T> {
  const silent = new AbortController();
  const timer = setTimeout(
    () => silent.abort(new Error(`no answer within ${RESPONSE_MS} ms`)),
    RESPONSE_MS,
  );
  const bounds = AbortSignal.any([signal, silent.signal, AbortSignal.timeout(DOWNLOAD_MS)]);
  try {
    const response = await fetch(url, { signal: bounds });
    clearTimeout(timer);
    if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
    return await read(Readable.fromWeb(response.body));
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`${url}: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Passes bytes on, into `digest` too, and fails when there are more than `max`. */
function limit(max: number, digest?: { update(chunk: Buffer): unknown }): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      digest?.update(chunk);
      if (seen > max) done(new Error(`more than ${max} bytes`));
      else done(null, chunk);
    },
  });
}

function digestOf(sums: string, archive: string): string {
  for (const line of sums.split("\n")) {
    const [digest, file] = line.trim().split(/\s+\*?/);
    if (file !== undefined && basename(file) === archive && /^[0-9a-f]{64}$/.test(digest ?? "")) {
      return digest ?? "";
    }
  }
  throw new Error(`SHA256SUMS doesn't name ${archive}`);
}
