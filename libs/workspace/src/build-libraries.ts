/**
 * `npm run build`: the libraries that a lane in another repository needs, as JavaScript with declarations, packed by npm. Within this
 * repository nothing of it is used: there everything runs from its TypeScript.
 *
 * Leaves `dist/packages/NAME` and `dist/baton-NAME-VERSION.tgz`.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { z } from "zod";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const [target = join(root, "dist")] = process.argv.slice(2);

/** What a lane imports; what these depend on is built with them. */
const FOR_LANES = ["artifacts", "lanekit", "mesh", "service"];
const SCOPE = "@baton/";
/** Tests and what only they load. */
const NOT_BUILT = ["**/*.test.*", "**/*.test-*", "**/testing/**"];

const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  exports: z.record(z.string(), z.templateLiteral(["./src/", z.string(), ".ts"])),
  dependencies: z.record(z.string(), z.string()).default({}),
});
type Manifest = z.infer<typeof Manifest>;

const { engines } = z
  .object({ engines: z.record(z.string(), z.string()) })
  .parse(readJson(join(root, "package.json")));

const libraries = new Map<string, Manifest>();
for (const name of FOR_LANES) collect(name);
rmSync(join(target, "packages"), { recursive: true, force: true });
for (const old of globSync("baton-*.tgz", { cwd: target })) rmSync(join(target, old));
await Promise.all(Array.from(libraries, ([name, manifest]) => build(name, manifest)));
const folders = [...libraries.keys()].map((name) => join(target, "packages", name));
await run("npm", ["pack", "--silent", "--pack-destination", target, ...folders], { cwd: root });
process.stdout.write(
  `${libraries.size} packages in ${target}: ${[...libraries.keys()].toSorted().join(", ")}\n`,
);

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Adds a library and, before it, those that it depends on. */
function collect(name: string): void {
  if (libraries.has(name)) return;
  const manifest = Manifest.parse(readJson(join(root, "libs", name, "package.json")));
  for (const needed of Object.keys(manifest.dependencies))
    if (needed.startsWith(SCOPE)) collect(needed.slice(SCOPE.length));
  libraries.set(name, manifest);
}

async function build(name: string, manifest: Manifest): Promise<void> {
  const library = join(root, "libs", name);
  const folder = join(target, "packages", name);
  mkdirSync(folder, { recursive: true });
  await compile(library, folder);
  for (const file of globSync("**/*.d.ts", { cwd: folder })) nameJavaScript(join(folder, file));
  const published = { ...manifest, type: "module", engines, exports: exportsOf(manifest) };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  const readme = join(library, "README.md");
  if (existsSync(readme)) cpSync(readme, join(folder, "README.md"));
}

/** By the library's own compiler settings. */
async function compile(library: string, folder: string): Promise<void> {
  const settings = join(folder, "tsconfig.json");
  const config = {
    extends: join(library, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: join(library, "src"),
      outDir: folder,
      typeRoots: [join(root, "node_modules/@types")],
    },
    include: [join(library, "src")],
    exclude: NOT_BUILT.map((pattern) => join(library, "src", pattern)),
  };
  writeFileSync(settings, JSON.stringify(config));
  const tsc = spawn(join(root, "node_modules/.bin/tsc"), ["-p", settings], { stdio: "inherit" });
  const [code] = await once(tsc, "exit");
  if (code !== 0) throw new Error(`${library} can't be built: the compiler says why above`);
  rmSync(settings);
}

/** The compiler rewrites the paths of imports in JavaScript only. */
function nameJavaScript(file: string): void {
  const text = readFileSync(file, "utf8");
  const named = text.replaceAll(/((?:from |import\()(["'])\.{1,2}\/[^"'\n]+)\.ts\2/g, "$1.js$2");
  if (named !== text) writeFileSync(file, named);
}

function exportsOf(manifest: Manifest): Record<string, { types: string; default: string }> {
  const entries = Object.entries(manifest.exports).map(([path, source]) => {
    const built = source.replace("./src/", "./").replace(/\.ts$/, "");
    return [path, { types: `${built}.d.ts`, default: `${built}.js` }] as const;
  });
  return Object.fromEntries(entries);
}
