import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { sha256Of } from "@baton/mesh";
import { temporaryFolder } from "@baton/testkit";
import { afterAll, expect, test } from "vitest";

import { prepareOwnSource } from "./own-source.ts";

const folder = temporaryFolder("own-source");
const inside = join(folder.path, "specs");
mkdirSync(inside);
afterAll(() => folder.remove());

const GOOD = "export function target(bars: unknown[]): number { return bars.length % 2; }\n";
const write = (name: string, text: string | Uint8Array) => writeFileSync(join(inside, name), text);
write("mine.ts", GOOD);
write("imports.ts", `import fs from "node:fs";\n${GOOD}`);
write("none.ts", "export const weight = 1;\n");
write("broken.ts", "export function target( {");
write("binary.ts", new Uint8Array([0xff, 0xfe, 0]));
write("large.ts", `${GOOD}// ${"x".repeat(70_000)}`);
write("empty.ts", "");
writeFileSync(join(folder.path, "outside.ts"), GOOD);
symlinkSync(join(folder.path, "outside.ts"), join(inside, "link.ts"));

const prepare = (source: unknown) =>
  prepareOwnSource(
    {
      spec: { strategy: { plugin: "authored", grid: [{}], authored: { source, warmUpRows: 5 } } },
      files: [],
      faults: [],
    },
    join(inside, "spec.yaml"),
  );

test.each([{ path: "mine.ts" }, "mine.ts"])(
  "%j becomes digest and size, the rest stays",
  async (source) => {
    const { spec, files, faults } = await prepare(source);
    const bytes = new TextEncoder().encode(GOOD);
    expect(faults).toEqual([]);
    expect(spec["strategy"]).toEqual({
      plugin: "authored",
      grid: [{}],
      authored: {
        source: { sha256: sha256Of(bytes), bytes: bytes.length, name: "mine.ts" },
        warmUpRows: 5,
      },
    });
    expect(files.map(({ path, sha256, index }) => [path, sha256, index])).toEqual([
      ["mine.ts", sha256Of(bytes), undefined],
    ]);
  },
);

test.each([
  ["imports.ts", /imports "node:fs"/],
  ["none.ts", /doesn't export a function called target/],
  ["broken.ts", /SyntaxError/],
  ["binary.ts", /isn't UTF-8/],
  ["large.ts", /64 KiB/],
  ["empty.ts", /empty/],
  ["absent.ts", /./],
  ["link.ts", /symbolic link/],
  ["../outside.ts", /leaves the specification's folder/],
  ["/etc/passwd", /leaves the specification's folder/],
])("%s is a fault of the specification, and nothing of it is sent", async (path, rule) => {
  const { files, faults } = await prepare({ path });
  expect(files).toEqual([]);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatchObject({ where: "strategy.authored.source.path" });
  expect(`${faults[0]?.rule}`).toMatch(rule);
});

test("one that is named by digest is left as it is", async () => {
  const source = { sha256: "a".repeat(64), bytes: 3 };
  const { spec, files, faults } = await prepare(source);
  expect([files, faults]).toEqual([[], []]);
  expect(spec).toMatchObject({ strategy: { authored: { source } } });
});
