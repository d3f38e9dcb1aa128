/** What of the artifact store an entry is the first to name. */
import { type ArtifactRef, type Entry, madeIn, type Sha256 } from "@baton/contracts";

/** What an artifact is to the one who named it. */
export type Named =
  | ({ readonly as: "artifact" } & ArtifactRef)
  /** Prices of the author's own, which the specification names. */
  | { readonly as: "prices"; readonly sha256: Sha256 }
  | { readonly as: "playbook"; readonly sha256: Sha256 };

/** Playbook, artifacts and prices of their own that an entry names; what it rests on otherwise, earlier ones named. */
export function namedBy(entry: Entry): Named[] {
  const kept = entry.kept?.report.outcome;
  return [
    ...madeIn(entry.basis).map((ref) => ({ as: "artifact" as const, ...ref })),
    ...(kept?.kind === "done" ? kept.artifacts : []).map((ref) => ({
      as: "artifact" as const,
      ...ref,
    })),
    { as: "playbook", sha256: entry.playbook },
    ...pricesIn(entry.basis.spec),
  ];
}

const DIGEST = /^[0-9a-f]{64}$/;

/** `universe[].csv.sha256`, as far as the specification has it: whether it's valid is lane-a's question. */
function pricesIn(spec: Entry["basis"]["spec"]): Named[] {
  const universe: unknown = spec?.["universe"];
  if (!Array.isArray(universe)) return [];
  return universe.flatMap((instrument: unknown) => {
    const digest = field(field(instrument, "csv"), "sha256");
    return typeof digest === "string" && DIGEST.test(digest)
      ? [{ as: "prices" as const, sha256: digest }]
      : [];
  });
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
