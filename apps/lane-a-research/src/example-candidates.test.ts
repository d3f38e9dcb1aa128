import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { SpecDocument } from "@baton/contracts";
import { createStageContext } from "@baton/testkit";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

import { researchLane } from "./lane.ts";

const folder = join(import.meta.dirname, "../../../examples/candidates");
const files = globSync("*.yaml", { cwd: folder });

const documentOf = (name: string) => {
  const document = SpecDocument.parse(parse(readFileSync(join(folder, name), "utf8")));
  const named = Authored.safeParse(document["strategy"]).data;
  if (named === undefined) return document;
  const bytes = readFileSync(join(folder, named.authored.source.path));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const authored = { ...named.authored, source: { sha256, bytes: bytes.length } };
  return { ...document, strategy: { ...named, authored } };
};

/** As `submit` does it. */
const Authored = z.looseObject({
  authored: z.looseObject({ source: z.object({ path: z.string() }) }),
});

async function outcomeOf(spec: SpecDocument, stored: Uint8Array[] = []) {
  const context = createStageContext({
    lane: "lane-a",
    stage: "research-intake",
    spec,
    stored,
    attempt: 3,
  });
  return researchLane({ drills: true }).stages["research-intake"]?.(context);
}

test.each(files.filter((file) => !["broken-spec.yaml", "own-data.yaml"].includes(basename(file))))(
  "the example %s is taken by lane A",
  async (file) => {
    expect(await outcomeOf(documentOf(file))).toMatchObject({ kind: "done", verdict: "pass" });
  },
);

test("the broken example is answered with its six mistakes", async () => {
  const outcome = await outcomeOf(documentOf("broken-spec.yaml"));
  const message = outcome?.kind === "failed" ? outcome.failure.message : "";
  expect(message).toMatch(/^6 wrong places/);
  for (const path of [
    "universe[0].instrument",
    "strategy.grid[0].fast",
    "costsBps",
    "regimes",
    "expectation.metric",
    "promotion.target",
  ])
    expect(message).toContain(path);
});

test("the example with data of one's own is taken with the CSV that its generator writes", async () => {
  const temporary = mkdtempSync(join(tmpdir(), "own-data-"));
  try {
    cpSync(join(folder, "make-own-data.ts"), join(temporary, "make-own-data.ts"));
    execFileSync(process.execPath, [join(temporary, "make-own-data.ts")]);
    const bytes = readFileSync(join(temporary, "own-data.csv"));
    const csv = { sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
    const document = documentOf("own-data.yaml");
    const universe = [{ instrument: "MINE", csv }];
    expect(await outcomeOf({ ...document, universe }, [bytes])).toMatchObject({ kind: "done" });
  } finally {
    rmSync(temporary, { recursive: true });
  }
});
