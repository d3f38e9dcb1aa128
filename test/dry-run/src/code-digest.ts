import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { ROOT } from "@baton/local-mesh";

/** Everything that may change what a dry run makes: code, policies, candidates, and what's installed. */
const SOURCES = [
  "{apps,libs}/*/src/**/*.{ts,json}",
  "test/dry-run/src/**/*.ts",
  "{apps,libs}/*/policy/**/*.yaml",
  "playbooks/*.yaml",
  "examples/candidates/*.yaml",
  "package-lock.json",
];
const ONLY_FOR_TESTS = /\.test\.|\/testing\//;

/** SHA-256 over names and contents of all sources, those of tests left out: two dry runs of the same code have the same. */
export function codeDigest(root: string = ROOT): string {
  const files = globSync(SOURCES, { cwd: root })
    .filter((file) => !ONLY_FOR_TESTS.test(file))
    .toSorted();
  const hash = createHash("sha256");
  for (const file of files) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\n${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}
