/**
 * The files that make up a candidate's strategy, written out of the templates and the dispatch: the same specification gives the
 * same bytes, whoever makes them. So whoever runs a strategy can make it again, instead of running what somebody else stored.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { CandidateSpec, CatalogEntryArtifact } from "@baton/artifacts";
import { type DeclaredSet, declaredSets, specDigest } from "@baton/lineage";

/** Folder of the templates: one folder per plugin, and the test that all of them share. */
export const TEMPLATES = join(import.meta.dirname, "../templates");

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

/** A specification that no strategy can be written for: this version has no such template, or its plugin refuses the grid. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly class = "deterministic";
  readonly code = "E_PLUGIN_TEMPLATE";
  readonly action = "Deploy the version of lanes B and C that knows the plugin, then resume.";
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

async function templateOf(templates: string, plugin: string): Promise<string> {
  const folders = await readdir(templates, { withFileTypes: true });
  const known = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (known.includes(plugin)) return join(templates, plugin);
  throw new TemplateError(
    `there is no template of a "${plugin}" strategy, only of ${known.toSorted().join(", ")}`,
  );
}

function sourceOf(
  template: string,
  of: {
    readonly candidateId: string;
    readonly specSha256: string;
    readonly sets: readonly DeclaredSet[];
  },
) {
  const { candidateId, specSha256 } = of;
  const sets = of.sets.map(({ parameters }) => `  ${JSON.stringify(parameters)},`);
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

/** How a candidate's strategy is listed. Throws a TemplateError if its plugin refuses the grid. */
export function catalogEntryOf(
  { candidateId, spec }: { readonly candidateId: string; readonly spec: CandidateSpec },
  sourceSha256: string,
): CatalogEntryArtifact {
  const { plugin } = spec.strategy;
  const sets = declaredSets(spec.strategy);
  if (sets === undefined) throw new TemplateError(`the plugin "${plugin}" refuses the grid`);
  return {
    schemaVersion: "baton.catalog-entry.v1",
    strategyId: `${plugin}-${candidateId}`,
    version: sourceSha256.slice(0, 12),
    title: spec.name,
    plugin,
    instruments: spec.universe.map(({ instrument }) => instrument),
    path: `${strategyFolder(candidateId)}/strategy.ts`,
    sourceSha256,
    parameterSets: sets.map(({ parameters }) => parameters),
  };
}

/**
 * Writes a candidate's strategy, its test and its catalog entry; `templates` is another folder only in tests. `spec` is the
 * specification that came with the dispatch, its defaults filled in. Throws a TemplateError.
 */
export async function generatePlugin(
  { candidateId, spec }: { readonly candidateId: string; readonly spec: CandidateSpec },
  templates: string = TEMPLATES,
): Promise<GeneratedPlugin> {
  const { plugin } = spec.strategy;
  const sets = declaredSets(spec.strategy);
  if (sets === undefined) throw new TemplateError(`the plugin "${plugin}" refuses the grid`);
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
  const source = sourceOf(template, { candidateId, specSha256: specDigest(spec), sets });
  const sourceSha256 = sha256(source);
  const catalogEntry = catalogEntryOf({ candidateId, spec }, sourceSha256);
  const testSha256 = sha256(`${test}${secondOpinion}`);
  return { source, test, secondOpinion, reporter, catalogEntry, sourceSha256, testSha256 };
}
