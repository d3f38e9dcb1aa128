/** docs/write-a-lane.md as a program: its blocks, in folders of a test's own. */
import { type ExecFileException, execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

import { z } from "zod";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../../..");
const PAGE = readFileSync(join(ROOT, "docs/write-a-lane.md"), "utf8");

/** Where a newcomer keeps what. */
export interface Folders {
  /** What `npm run build` makes. */
  readonly dist: string;
  /** The lane's own repository. */
  readonly own: string;
  /** The data folder of `baton up`. */
  readonly data: string;
}

/** The page's first block of that language with that in it, with the folders in place of its own. */
export function block(language: string, part: string, { dist, own, data }: Folders): string {
  const found = [...PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms)].find(
    ([, mark, text = ""]) => mark === language && text.includes(part),
  );
  if (found?.[2] === undefined) throw new Error(`the page has no ${language} with ${part}`);
  return found[2]
    .replaceAll("/path/to/baton/dist", dist)
    .replaceAll("/path/to/baton/.baton/own", data)
    .replaceAll("--data .baton/own", `--data ${data}`)
    .replaceAll("/path/to/own", own)
    .trim();
}

/** That of a newcomer, whose `node` is ours. */
export function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { HOME = "", PATH = "" } = process.env;
  return { HOME, PATH: [dirname(process.execPath), PATH].join(delimiter), ...more };
}

const Dependencies = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });

/** Links to the repository's copies of what the packages need from others: no network is needed. */
function linked(packages: string): string[] {
  const needed = globSync("*/package.json", { cwd: packages }).flatMap((file) => {
    const manifest: unknown = JSON.parse(readFileSync(join(packages, file), "utf8"));
    return Object.keys(Dependencies.parse(manifest).dependencies);
  });
  const others = new Set(needed.filter((name) => !name.startsWith("@baton/")));
  return [...others].map((name) => `${name}@file:${join(ROOT, "node_modules", name)}`);
}

/** Builds the packages, installs them in the lane's folder, and writes the page's files there. */
export async function install(folders: Folders): Promise<void> {
  const { dist, own } = folders;
  const build = join(ROOT, "libs/workspace/src/build-libraries.ts");
  await run(process.execPath, [build, dist], { env: environment() });
  mkdirSync(own);
  writeFileSync(join(own, "lane.ts"), block("ts", "runService", folders));
  writeFileSync(join(own, "first-look.yaml"), block("yaml", "stages:", folders));
  const links = linked(join(dist, "packages")).join(" ");
  const steps = `${block("sh", "npm install", folders)} --offline ${links}`;
  await run("bash", ["-ec", steps], { cwd: own, env: environment() });
}

/** What the compiler says of the lane by the packages' declarations, under our own strict settings. */
export async function typeFaults({ own }: Folders): Promise<string> {
  symlinkSync(join(ROOT, "node_modules/@types"), join(own, "node_modules/@types"));
  const settings = {
    extends: join(ROOT, "tsconfig.base.json"),
    compilerOptions: { skipLibCheck: false },
    include: ["lane.ts"],
  };
  writeFileSync(join(own, "tsconfig.json"), JSON.stringify(settings));
  return new Promise((resolve) => {
    const told = (_: ExecFileException | null, stdout: string): void => resolve(stdout);
    execFile(join(ROOT, "node_modules/.bin/tsc"), ["-p", own], told);
  });
}
