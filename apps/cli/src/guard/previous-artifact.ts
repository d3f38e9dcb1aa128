/**
 * The previous stage's artifact as a file: more than that it exists. If it is JSON it must parse and hold something, and
 * what it says about candidate, run and stage must be what is asked about.
 */
import { extname } from "node:path";

import { UserError } from "@baton/text/user-error";

import { readInput } from "../submit/read-input.ts";
import { parseJsonSource } from "./json-source.ts";

/** As large as an artifact may be. */
const LIMITS = { maxBytes: 64 * 1024 * 1024, limit: "64 MiB", silentMs: 5000 };

/** What the artifact must be about. */
export interface ArtifactOwner {
  readonly candidateId: string;
  readonly runId: string;
  /** The stage that made it; null if none did. */
  readonly stage: string | null;
}

/** What was found; the words are for people. */
export interface ArtifactFinding {
  /** What is wrong with it; undefined if it can be relied on. */
  readonly fault: string | undefined;
  /** Why it says that its gate didn't pass; undefined if it doesn't say so. */
  readonly gateFault: string | undefined;
}

/** Looks at the file. Never throws for what is in it or whether it's there. */
export async function examineArtifact(
  path: string | undefined,
  owner: ArtifactOwner,
): Promise<ArtifactFinding> {
  if (path === undefined || path === "") return { fault: "none was given", gateFault: undefined };
  let bytes: Uint8Array;
  try {
    bytes = await readInput(path, LIMITS);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { fault: error.details.message, gateFault: undefined };
  }
  return examine(bytes, extname(path).toLowerCase() === ".json", owner);
}

async function examine(
  bytes: Uint8Array,
  named: boolean,
  owner: ArtifactOwner,
): Promise<ArtifactFinding> {
  const isJson = named || /^\s*[{[]/.test(new TextDecoder().decode(bytes.subarray(0, 4096)));
  if (!isJson)
    return { fault: bytes.length === 0 ? "it is empty" : undefined, gateFault: undefined };
  const source = parseJsonSource(new TextDecoder().decode(bytes));
  if (!source.ok) return { fault: named ? `it ${source.fault}` : undefined, gateFault: undefined };
  if (isEmpty(source.value)) return { fault: "it is empty", gateFault: undefined };
  if (typeof source.value !== "object" || source.value === null || Array.isArray(source.value))
    return { fault: undefined, gateFault: undefined };
  const value = new Map<string, unknown>(Object.entries(source.value));
  return { fault: ownerFault(value, owner), gateFault: await gateFault(value) };
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

type Content = ReadonlyMap<string, unknown>;

function ownerFault(content: Content, owner: ArtifactOwner): string | undefined {
  const claims = [
    ["candidateId", owner.candidateId],
    ["candidate_id", owner.candidateId],
    ["runId", owner.runId],
    ["run_id", owner.runId],
    ["stage", owner.stage],
  ] as const;
  for (const [key, asked] of claims) {
    const said = content.get(key);
    if (said !== undefined && asked !== null && said !== asked)
      return `its ${key} is ${JSON.stringify(said).slice(0, 80)}, asked is "${asked}"`;
  }
  return undefined;
}

/** Both formats name their gates' status; ours has a verdict that must follow from them. */
async function gateFault(content: Content): Promise<string | undefined> {
  if (content.get("schemaVersion") === "baton.gate-report.v1") {
    const { GateReport, verdictOf } = await import("@baton/artifacts");
    const report = GateReport.safeParse(Object.fromEntries(content));
    if (!report.success) return "it is no valid gate report";
    const verdict = verdictOf(report.data.gates);
    if (verdict !== report.data.verdict) return "its verdict isn't what its gates say";
    return verdict === "pass" ? undefined : `its verdict is ${verdict}`;
  }
  const gates = content.get("gates");
  if (!Array.isArray(gates)) return undefined;
  const failed = gates.find(
    (gate: unknown) =>
      typeof gate === "object" && gate !== null && "status" in gate && gate.status === "fail",
  );
  return failed === undefined ? undefined : "one of its gates has status fail";
}
