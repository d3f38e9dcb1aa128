/**
 * Every library has a README of a page at most, and its examples are right: each `ts` block has the right types, and runs unless it is
 * marked `no-run`.
 */
import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
/** Below the root, so that the libraries are found from there. */
const folder = join(root, ".baton", `examples-${process.pid}`);
const BLOCK = /^```ts( no-run)?\n(.*?)^```$/gms;
const WITHIN_MS = 60_000;
/** A page. */
const MOST_LINES = 60;

const examples = globSync("libs/*/README.md", { cwd: root })
  .toSorted()
  .flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(BLOCK)].map(
      ([, mark, code = ""], index) => {
        const name = `${file.split("/")[1] ?? ""}-${index + 1}`;
        return { name, path: join(folder, `${name}.ts`), code, runs: mark === undefined };
      },
    ),
  );

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.base.json", include: ["*.ts"] }),
  );
  for (const { path, code } of examples) writeFileSync(path, code);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(globSync("libs/*/package.json", { cwd: root }))(
  "the library of %s has a page",
  (file) => {
    const library = dirname(join(root, file));
    const readme = join(library, "README.md");
    const text = existsSync(readme) ? readFileSync(readme, "utf8") : "";
    expect(text).toMatch(/^# \S+\n\n\S/);
    expect(text.split("\n").length).toBeLessThanOrEqual(MOST_LINES);
    // One that others import shows how, with something that runs; a tool shows what to type.
    const isImported = existsSync(join(library, "src/index.ts"));
    expect(text).toMatch(isImported ? /^```ts\n/m : /^```sh\n/m);
  },
);

test("have the right types", async () => {
  const tsc = join(root, "node_modules/.bin/tsc");
  const wrong = await run(tsc, ["-p", folder]).then(
    () => "",
    (error: unknown) => (error instanceof Error && "stdout" in error ? error.stdout : error),
  );
  expect(wrong).toBe("");
});

test.each(examples.filter(({ runs }) => runs))("$name runs", async ({ path }) => {
  const { stdout } = await run(process.execPath, [path], { cwd: folder, timeout: WITHIN_MS });
  expect(stdout).toMatch(/./);
  expect(stdout).not.toMatch(/\b(?:false|undefined)\b/);
});
