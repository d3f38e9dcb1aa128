import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { canonicalJson } from "@baton/contracts";

const { resolve: resolvePackage } = createRequire(import.meta.url);

/** The folders whose code decides the figures, by the name that goes into the digest. */
const FOLDERS: readonly (readonly [name: string, folder: () => string])[] = [
  ["backtest", () => import.meta.dirname],
  ["quant", () => dirname(resolvePackage("@baton/quant"))],
  ["market", () => dirname(resolvePackage("@baton/market"))],
];

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** Digest over every source file that takes part in a backtest: two equal digests mean the same code, tests left out. */
export async function codeDigest(): Promise<string> {
  const digests: Record<string, string> = {};
  for (const [name, folder] of FOLDERS) {
    for (const file of await readdir(folder())) {
      if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
      digests[`${name}/${file}`] = sha256(await readFile(join(folder(), file)));
    }
  }
  return sha256(canonicalJson(digests));
}
