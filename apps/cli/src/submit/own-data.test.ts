import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { sha256Of } from "@baton/mesh";
import { temporaryFolder } from "@baton/testkit";
import { afterAll, expect, test } from "vitest";

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
  const { spec, files, faults } = await prepare("./data/mine.csv");
  expect(spec["universe"]).toEqual([
    { instrument: "SPX" },
    { instrument: "MINE", csv: { name: "mine.csv", sha256: sha256Of(csv), bytes: csv.length } },
  ]);
  expect(files).toEqual([{ index: 1, path: "./data/mine.csv", bytes: csv, sha256: sha256Of(csv) }]);
  expect(faults).toEqual([]);
});

test("what is said about a file beside its path is kept", async () => {
  const splits = [{ date: "2014-06-09", ratio: "7:1" }];
  const { spec } = await prepareOwnData(
    { universe: [{ instrument: "MINE", csv: { path: "data/mine.csv", splits } }] },
    join(inside, "spec.yaml"),
  );
  const stored = { name: "mine.csv", sha256: sha256Of(csv), bytes: csv.length };
  expect(spec["universe"]).toEqual([{ instrument: "MINE", csv: { splits, ...stored } }]);
});

test("a specification without paths is left alone", async () => {
  const spec = { universe: [{ instrument: "SPX", csv: { sha256: "ab".repeat(32), bytes: 3 } }] };
  await expect(prepareOwnData(spec, "x.yaml")).resolves.toEqual({
    spec,
    files: [],
    faults: [],
  });
  await expect(prepareOwnData({ universe: 3 }, "x.yaml")).resolves.toMatchObject({ files: [] });
});

test.each(["../outside.csv", "/etc/passwd", "data\\mine.csv", "", "data/../../outside.csv"])(
  "%j leaves the folder and is refused",
  async (path) => {
    const { files, faults } = await prepare(path);
    expect(files).toEqual([]);
    expect(faults).toMatchObject([
      {
        where: "universe[1].csv.path",
        rule: expect.stringContaining("leaves the specification's folder"),
      },
    ]);
  },
);

test("a link that leads out of the folder is said to be one", async () => {
  const { files, faults } = await prepare("link.csv");
  expect(files).toEqual([]);
  expect(faults).toMatchObject([
    {
      where: "universe[1].csv.path",
      rule: expect.stringMatching(/^is a symbolic link.* leads out/),
    },
  ]);
});

test("every CSV that can't be had is named, the missing and the empty one, and one without a path", async () => {
  const universe = ["none.csv", "empty.csv", "data/mine.csv"].map((path, index) => ({
    instrument: `MINE${index}`,
    csv: { path },
  }));
  const { files, faults } = await prepareOwnData(
    { universe: [...universe, { instrument: "LAST", csv: { file: "data/mine.csv" } }] },
    join(inside, "spec.yaml"),
  );
  expect(files.map(({ index }) => index)).toEqual([2]);
  expect(faults.map(({ where, rule }) => `${where} ${rule}`)).toEqual([
    expect.stringMatching(/^universe\[0\]\.csv\.path.*no such file/),
    expect.stringMatching(/^universe\[1\]\.csv\.path.*the file is empty/),
    expect.stringMatching(/^universe\[3\]\.csv csv: \{ path: prices\.csv \}/),
  ]);
});
