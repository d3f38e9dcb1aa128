/**
 * The real Codex command line for tests: on PATH, in the project's cache, or fetched by npm into it, pinned by version and digest. Of
 * its package only the program itself is kept.
 */
import { execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { fillCache, type Program, readCache } from "@baton/nats-server";

/** A program that runs here, or why there's none. */
export type FoundAgent =
  | { readonly found: true; readonly path: string; readonly version: string }
  | { readonly found: false; readonly why: string };

const VERSION = "0.171.0";
const PACKAGE = "@openai/codex";
/** Of the platform's package. */
const INTEGRITY: Readonly<Record<string, string>> = {
  "linux-x64":
    "sha512-l66NZkQgdk2C3pbcfULDz42yEUB581MVA6I+Y43Wp4OIqEy73HCdmZ0GTjeAHY2ycuH4N00d9VsLrwT1jxshTw==",
  "linux-arm64":
    "sha512-9z17t4bbUJ9UCIb49O4PoA+ki+45q3rd8nZ8PeH6sYnlKkBld/Xpo/OS3h3Ti954+foshX4o7k5TCU8N7zzqQA==",
  "darwin-x64":
    "sha512-pwN5uNEKx/mZjwBEf/6CKq6SJMfJS5kruV3sJQAk7ebIPvC58Ote3CicIxETDZtjLj35rNv3PLPd7mHCg6hGPw==",
  "darwin-arm64":
    "sha512-hIYTkRUpuYpkVfTq4cpby0PXqhAVcIgE7f6FoyY1lt2RyARj3GXS1Can/dIYUBItVhXzhb98HYHZNzCX74QRlQ==",
};
const CACHE = join(import.meta.dirname, "../../..", ".baton/cache/codex");
const WITHIN_MS = 240_000;

const run = promisify(execFile);

const PROGRAM: Program = {
  name: "codex",
  readVersion: async (path, signal) => {
    const { stdout } = await run(path, ["--version"], { signal, timeout: 20_000 });
    const version = /^codex-cli (\d+\.\d+\.\d+)$/m.exec(stdout)?.[1];
    if (version === undefined) throw new Error("it isn't Codex");
    return version;
  },
  checkVersion: (version) =>
    version === VERSION ? { ok: true } : { ok: false, reason: `Codex ${version} isn't ${VERSION}` },
};

/** The npm registry couldn't be asked, or has no such package: nobody here can mend that. */
class NotFetched extends Error {}

/** Finds it, any version on PATH. Rejects for one that isn't what was pinned. */
export async function findCodex(): Promise<FoundAgent> {
  const signal = AbortSignal.timeout(WITHIN_MS);
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, "codex");
    const version = await PROGRAM.readVersion(path, signal).catch(() => undefined);
    if (version !== undefined) return { found: true, path, version };
  }
  const where = { folder: CACHE, program: PROGRAM };
  const cached = await readCache(where, signal);
  if (cached) return { found: true, ...cached };
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const filled = await fillCache({
      ...where,
      signal,
      log,
      fetcher: (work) => fetch(work, signal),
    });
    return { found: true, path: filled.path, version: filled.version };
  } catch (error) {
    if (!(error instanceof NotFetched)) throw error;
    return { found: false, why: error.message };
  }
}

async function fetch(work: string, signal: AbortSignal): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const integrity = INTEGRITY[platform];
  if (integrity === undefined) throw new NotFetched(`there is no Codex for ${platform}`);
  const folder = join(work, "package");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{"private":true}\n');
  const name = `codex@npm:${PACKAGE}@${VERSION}-${platform}`;
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--force"];
  try {
    const args = ["install", name, "--prefix", folder, ...options];
    await run("npm", args, { cwd: folder, env: outsideEnv(), signal });
  } catch (error) {
    throw new NotFetched(`npm couldn't fetch ${name}: ${String(error)}`, { cause: error });
  }
  const lock = JSON.parse(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"));
  const got: unknown = lock.packages?.["node_modules/codex"]?.integrity;
  if (got !== integrity)
    throw new Error(`${name} has the digest ${String(got)}, not the pinned ${integrity}`);
  const [program] = globSync(join(folder, "node_modules/codex/vendor/*/bin/codex"));
  if (program === undefined) throw new Error(`${name} holds no vendor/*/bin/codex`);
  return program;
}

/** What an npm that runs this says of its own package isn't for another one. */
function outsideEnv(): NodeJS.ProcessEnv {
  const own = /^(?:npm_(?:package|lifecycle|config_(?:local_prefix|workspace))|INIT_CWD)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}
