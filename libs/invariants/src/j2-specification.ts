/** What artifacts say of the specification, held against the one that was submitted. */
import { createHash } from "node:crypto";

import canonicalize from "canonicalize";

/** What stands for a key that wasn't submitted. */
const DEFAULTS: Readonly<Record<string, unknown>> = { costBps: 5, holdoutRows: 252, seed: 1 };

/** What stands for a window that `walkForward` doesn't name. */
const WINDOWS: Readonly<Record<string, unknown>> = {
  firstRow: 200,
  trainRows: 1008,
  purgeRows: 5,
  embargoRows: 0,
  testRows: 252,
};

const VERSION = "baton.candidate.v1";

type Json = Readonly<Record<string, unknown>>;
type Tell = (what: string) => void;

/** Tells where an artifact that a move rests on is about another specification than was submitted. */
export function checkSpecification(
  { spec }: { readonly spec: unknown },
  { name, content }: { readonly name: string; readonly content: Uint8Array },
  tell: Tell,
): void {
  const artifact = jsonOf(content);
  if (!isObject(spec) || spec["schema"] !== VERSION || artifact === undefined) return;
  const normal: Json = { ...DEFAULTS, ...spec };
  const digest = createHash("sha256").update(textOf(normal)).digest("hex");
  const promotion = normal["promotion"];
  const target = isObject(promotion) ? promotion["target"] : undefined;
  for (const [what, found, wanted] of claimsOf(artifact, { normal, digest, target }))
    if (textOf(found) !== textOf(wanted))
      tell(`counts on ${name}, whose ${what} isn't what was submitted`);
}

type Claim = readonly [what: string, found: unknown, wanted: unknown];

function claimsOf(
  artifact: Json,
  { normal, digest, target }: { normal: Json; digest: string; target: unknown },
): Claim[] {
  switch (artifact["schemaVersion"]) {
    case "baton.candidate-spec.v1":
      return [
        ["specification", artifact["spec"], normal],
        ["specSha256", artifact["specSha256"], digest],
      ];
    case "baton.strategy-plugin.v1":
      return [["specSha256", artifact["specSha256"], digest]];
    case "baton.walkforward-results.v1": {
      const chosen = normal["walkForward"];
      const windows = isObject(chosen) ? { ...WINDOWS, ...chosen } : WINDOWS;
      return [["scheme of windows", artifact["scheme"], windows]];
    }
    case "baton.evaluation-report.v1": {
      const made = artifact["reproducibility"];
      return [["reproducibility.spec", isObject(made) ? made["spec"] : undefined, digest]];
    }
    case "baton.gate-report.v1":
      return artifact["promotionTarget"] == null
        ? []
        : [["promotionTarget", artifact["promotionTarget"], target]];
    default:
      return [];
  }
}

function textOf(value: unknown): string {
  return canonicalize(value) ?? "";
}

function jsonOf(content: Uint8Array): Json | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(content));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
