/** `strategy.authored.source: { path }`: a strategy of the user's own, stored as an artifact and named by digest in what is submitted. */
import { basename } from "node:path";

import { MAX_SOURCE_BYTES } from "@baton/artifacts";
import { sha256Of } from "@baton/mesh";
import { sourceProblem } from "@baton/strategy-runner";
import { quoted } from "@baton/text/printable";
import { type Fault, UserError } from "@baton/text/user-error";
import { z } from "zod";

import { readNamedFile } from "./named-file.ts";
import { faultOf, FileName, NO_FILE, type PreparedSpec } from "./own-data.ts";

const SOURCE = {
  what: "source",
  maxBytes: MAX_SOURCE_BYTES,
  limit: `${MAX_SOURCE_BYTES / 1024} KiB per strategy`,
  empty: "Name a TypeScript file that exports a function called target.",
};
const WHERE = "strategy.authored.source";

const Named = z.looseObject({
  strategy: z.looseObject({
    authored: z.looseObject({
      source: z.union([
        z.string().transform((path) => ({ path })),
        z.strictObject({ path: z.string() }),
      ]),
    }),
  }),
});

/** Reads the source that the specification names by path, if it does, and looks whether it could be one. */
export async function prepareOwnSource(
  prepared: PreparedSpec,
  file: string,
): Promise<PreparedSpec> {
  const named = Named.safeParse(prepared.spec);
  if (!named.success) return prepared;
  const { strategy } = named.data;
  const { path } = strategy.authored.source;
  const read = await readNamedFile(path, file, SOURCE).catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  const faults = read instanceof UserError ? [faultOf(`${WHERE}.path`, path, read)] : [];
  const bytes = read instanceof UserError ? undefined : read;
  const problem = bytes && (await sourceProblem(bytes));
  if (problem !== undefined) faults.push(wrong(path, problem));
  const sha256 = bytes && problem === undefined ? sha256Of(bytes) : undefined;
  const name = FileName.safeParse(basename(path)).data;
  const source =
    bytes && sha256
      ? { sha256, bytes: bytes.length, ...(name !== undefined && { name }) }
      : NO_FILE;
  const authored = { ...strategy.authored, source };
  return {
    spec: { ...prepared.spec, strategy: { ...strategy, authored } },
    files: [...prepared.files, ...(bytes && sha256 ? [{ path, bytes, sha256 }] : [])],
    faults: [...prepared.faults, ...faults],
  };
}

function wrong(path: string, problem: string): Fault {
  return {
    where: `${WHERE}.path`,
    value: quoted(path),
    rule: problem,
    action: "docs/own-strategy.md has what a strategy is.",
  };
}
