import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { sha256Of } from "@baton/mesh";
import { temporaryFolder } from "@baton/testkit";
import { afterAll, expect, test } from "vitest";

import { CliError } from "../cli-error.ts";
import { prepareOwnData } from "./own-data.ts";

const folder = temporaryFolder("own-data");
const inside = join(folder.path, "specs");
mkdirSync(join(inside, "data"), { recursive: true });
const csv = Buffer.from("date,close\n2026-01-01,1\n");
writeFileSync(join(inside, "data/mine.csv"), csv);
writeFileSync(join(inside, "empty.csv"), "");
writeFileSync(join(folder.path, "outside.csv"), "secret");
symlinkSync(join(folder.path, "outside.csv"), join(inside, "link.csv"));

afterAll(() => folder.remove());

const prepare = (path: string): ReturnType<typeof prepareOwnData> =>
  prepareOwnData(
    { universe: [{ instrument: "SPX" }, { instrument: "MINE", csv: { path } }] },
    join(inside, "spec.yaml"),
  );

test("a path becomes the digest and size of its file, the rest stays", async () => {
  const { spec, uploads } = await prepare("./data/mine.csv");
  expect(spec["universe"]).toEqual([
    { instrument: "SPX" },
    { instrument: "MINE", csv: { sha256: sha256Of(csv), bytes: csv.length } },
  ]);
  expect(uploads).toEqual([csv]);
});

test("what is said about a file beside its path is kept", async () => {
  const splits = [{ date: "2014-06-09", ratio: "7:1" }];
  const { spec } = await prepareOwnData(
    { universe: [{ instrument: "MINE", csv: { path: "data/mine.csv", splits } }] },
    join(inside, "spec.yaml"),
  );
  const stored = { sha256: sha256Of(csv), bytes: csv.length };
  expect(spec["universe"]).toEqual([{ instrument: "MINE", csv: { splits, ...stored } }]);
});

test("a specification without paths is left alone", async () => {
  const spec = { universe: [{ instrument: "SPX", csv: { sha256: "ab".repeat(32), bytes: 3 } }] };
  await expect(prepareOwnData(spec, "x.yaml")).resolves.toEqual({ spec, uploads: [] });
  await expect(prepareOwnData({ universe: 3 }, "x.yaml")).resolves.toMatchObject({ uploads: [] });
});

test.each([
  "../outside.csv",
  "/etc/passwd",
  "data\\mine.csv",
  "",
  "link.csv",
  "data/../../outside.csv",
])("%j leaves the folder and is refused", async (path) => {
  const error: unknown = await prepare(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CliError);
  expect(error).toMatchObject({
    details: { exit: 3, message: "universe[1].csv.path leaves the specification's folder" },
  });
});

test("an empty CSV is refused", async () => {
  await expect(prepare("empty.csv")).rejects.toMatchObject({ details: { exit: 3 } });
});
