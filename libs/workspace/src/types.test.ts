/** `npm test` checks types in two programs; each package must be in the one that its own tsconfig asks for. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";
import { z } from "zod";

const root = join(import.meta.dirname, "../../..");
const TsConfig = z.strictObject({
  extends: z.string(),
  compilerOptions: z.looseObject({ types: z.array(z.string()).optional() }).optional(),
  include: z.array(z.string()),
});

function read(file: string): z.infer<typeof TsConfig> {
  return TsConfig.parse(JSON.parse(readFileSync(join(root, file), "utf8")));
}

const packages = globSync("{apps,libs,test}/*/tsconfig.json", { cwd: root });
const foldersOf = (file: string): string[] =>
  read(file).include.map((folder) => join(dirname(file), folder));

test("packages that know nothing of Node are checked together, with the options of each", () => {
  const core = read("tsconfig.core.json");
  const files = packages.filter((file) => read(file).compilerOptions?.types?.length === 0);
  expect(core.include.toSorted()).toEqual(files.flatMap(foldersOf).toSorted());
  for (const file of files) expect(read(file).compilerOptions).toEqual(core.compilerOptions);
});

test("all packages are checked together, and none asks for anything else", () => {
  const covered = read("tsconfig.json").include.flatMap((folder) =>
    globSync(folder, { cwd: root }),
  );
  expect(packages.flatMap(foldersOf).filter((folder) => !covered.includes(folder))).toEqual([]);
  const own = packages.map((file) => read(file).compilerOptions ?? { types: [] });
  expect(own.filter(({ types }) => types?.length !== 0)).toEqual([]);
});
