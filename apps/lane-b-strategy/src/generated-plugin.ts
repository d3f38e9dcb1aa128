/** The files that make up a candidate's strategy, written out of the templates: the same candidate gives the same bytes. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { CandidateSpecArtifact, CatalogEntryArtifact } from "@baton/contracts";
import { prettyJson, StageFailure } from "@baton/lanekit";

/** Folder of the templates: one folder per plugin, and the test that all of them share. */
export const TEMPLATES = join(import.meta.dirname, "templates");

/** What was generated for a candidate. */
export interface GeneratedPlugin {
  readonly source: string;
  readonly test: string;
  readonly secondOpinion: string;
  readonly reporter: string;
  readonly catalogEntry: CatalogEntryArtifact;
  readonly sourceSha256: string;
  /** Over the test and the second opinion, one after the other. */
  readonly testSha256: string;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

async function templateOf(templates: string, plugin: string): Promise<string> {
  const folders = await readdir(templates, { withFileTypes: true });
  const known = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (known.includes(plugin)) return join(templates, plugin);
  throw new StageFailure({
    class: "deterministic",
    code: "E_PLUGIN_TEMPLATE",
    message: `lane B can't write a "${plugin}" strategy; it can write ${known.toSorted().join(", ")}`,
    action: "Deploy the version of lane B that knows the plugin, then resume.",
  });
}

function sourceOf(template: string, { candidateId, specSha256, trials }: CandidateSpecArtifact) {
  const sets = trials.map(({ parameters }) => `  ${JSON.stringify(parameters)},`);
  return [
    "/**",
    ` * The strategy of candidate ${candidateId}, generated for its specification`,
    ` * ${specSha256}. Change the specification, not this file.`,
    " */",
    "",
    template.trimEnd(),
    "",
    "/** The declared trials, in their order. */",
    "export const parameterSets = [",
    ...sets,
    "];",
    "",
  ].join("\n");
}

/** Where a candidate's files are in the strategy repository. */
export function strategyFolder(candidateId: string): string {
  return `strategies/${candidateId}`;
}

/** Writes a candidate's strategy, its test and its catalog entry; `templates` is another folder only in tests. */
export async function generatePlugin(
  research: CandidateSpecArtifact,
  templates: string = TEMPLATES,
): Promise<GeneratedPlugin> {
  const { candidateId, spec, trials } = research;
  const { plugin } = spec.strategy;
  const folder = await templateOf(templates, plugin);
  const [template = "", secondOpinion = "", sharedTest = "", reporter = ""] = await Promise.all(
    [
      join(folder, "strategy.ts"),
      join(folder, "second-opinion.ts"),
      join(templates, "strategy-test.ts"),
      join(templates, "line-reporter.ts"),
    ].map((file) => readFile(file, "utf8")),
  );
  // In the templates the shared test is type-checked against one of the plugins.
  const test = sharedTest.replaceAll('"./sma-cross/', '"./');
  const source = sourceOf(template, research);
  const sourceSha256 = sha256(source);
  const catalogEntry: CatalogEntryArtifact = {
    schemaVersion: "baton.catalog-entry.v1",
    strategyId: `${plugin}-${candidateId}`,
    version: sourceSha256.slice(0, 12),
    title: spec.name,
    plugin,
    instruments: spec.universe.map(({ instrument }) => instrument),
    path: `${strategyFolder(candidateId)}/strategy.ts`,
    sourceSha256,
    parameterSets: trials.map(({ parameters }) => parameters),
  };
  const testSha256 = sha256(`${test}${secondOpinion}`);
  return { source, test, secondOpinion, reporter, catalogEntry, sourceSha256, testSha256 };
}

/** What is committed, by path in the repository. */
export function committedFiles(generated: GeneratedPlugin, candidateId: string) {
  const folder = strategyFolder(candidateId);
  return {
    [`${folder}/strategy.ts`]: generated.source,
    [`${folder}/strategy.test.ts`]: generated.test,
    [`${folder}/second-opinion.ts`]: generated.secondOpinion,
    [`${folder}/catalog-entry.json`]: prettyJson(generated.catalogEntry),
  };
}
