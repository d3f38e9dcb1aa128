import { canonicalJson } from "@baton/contracts";
import { contradictionIn, normalSpec, specDigest } from "@baton/lineage";
import { z } from "zod";

import { type AuditFault, fault, shown } from "./audit-fault.ts";
import type { JournalRow } from "./journal-extract.ts";
import { ARTIFACTS_PREFIX } from "./pack-manifest.ts";

type Files = ReadonlyMap<string, Uint8Array>;

const Run = z.looseObject({ spec: z.unknown() });
const Code = z.looseObject({ specSha256: z.string().nullish() });

/** What in a pack isn't what follows from the specification that its journal was begun with. */
export function lineageFaults(files: Files, rows: readonly JournalRow[]): AuditFault[] {
  const first = rows.at(0)?.whole;
  const last = rows.at(-1);
  if (!first || !last) return [];
  const submitted = canonicalJson(first.spec);
  const tell = (what: string): AuditFault => fault("E_PACK_LINEAGE", what);
  const faults: AuditFault[] = [];
  const other = rows.find(({ whole }) => canonicalJson(whole.spec) !== submitted);
  if (other) faults.push(tell(`journal entry ${other.sequence} has another specification`));
  const run = Run.safeParse(jsonIn(files, "run.json")).data?.spec;
  if (run === undefined || canonicalJson(run) !== submitted)
    faults.push(tell("section run has another specification than the journal"));
  const spec = normalSpec(first.spec);
  const named = Code.safeParse(jsonIn(files, "code.json")).data?.specSha256;
  if (named != null && (spec === undefined || named !== specDigest(spec)))
    faults.push(tell("section code names another specification than the journal"));
  const { candidateId, runId } = last.entry;
  const { artifacts, gatePolicy } = last.whole;
  for (const ref of artifacts) {
    const bytes = files.get(`${ARTIFACTS_PREFIX}${ref.name}`);
    const root = { candidateId, runId, artifacts, spec: first.spec, gatePolicy };
    const what = bytes && contradictionIn(root, ref, () => new TextDecoder().decode(bytes));
    if (what !== undefined)
      faults.push(tell(`artifact ${shown(ref.name)} contradicts the dispatch: ${what}`));
  }
  return faults;
}

function jsonIn(files: Files, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(files.get(path)));
  } catch {
    return undefined;
  }
}
