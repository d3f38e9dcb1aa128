import { ID_PATTERN } from "@baton/contracts";
import { z } from "zod";

import { GitError, shown } from "./git-error.ts";

/** An exact commit: 40 lower-case hex digits; never a short one, a branch or a tag. */
export const CommitId = z.string().regex(/^[0-9a-f]{40}$/, "commit: exactly 40 hex digits");
export type CommitId = z.infer<typeof CommitId>;

const BRANCH = /^codex\/torghut-v3-([a-f])-(\d{8})-([a-z0-9][a-z0-9-]{4,61}[a-z0-9])$/;

/** Branch of one lane for one run: `codex/torghut-v3-<a-f>-<YYYYMMDD>-<runId>`. */
export const BranchName = z
  .string()
  .regex(BRANCH, "branch: codex/torghut-v3-<a-f>-<YYYYMMDD>-<runId>, runId 6 to 63 of a-z 0-9 -");
export type BranchName = z.infer<typeof BranchName>;

/**
 * What takes effect at most once: a stage run's deduplication id, with up to two suffixes for the steps inside it
 * (`cand.live-ramp.run.L1`).
 */
export const ActionId = z
  .string()
  .max(230)
  .regex(
    /^[a-z0-9][a-z0-9-]{4,61}[a-z0-9]\.[a-z][a-z0-9-]{0,62}\.[a-z0-9][a-z0-9-]{4,61}[a-z0-9](\.[A-Za-z0-9-]{1,16}){0,2}$/,
    "action: <candidateId>.<stage>.<runId>, with at most two suffixes",
  )
  .refine((id) => !id.endsWith(".lock"), "action: must not end with .lock");
export type ActionId = z.infer<typeof ActionId>;

/** Path of a file in a repository: relative, plain characters, nothing that starts with '.' or '-'. */
export const RepositoryPath = z
  .string()
  .max(300)
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/,
    "path: relative, of A-Z a-z 0-9 . _ - and '/', no part starting with '.' or '-'",
  );

/** `value` as `schema` has it. Throws a deterministic GitError that names the rule. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_INVALID",
    message: `${shown(typeof value === "string" ? value : typeof value)}: ${parsed.error.issues[0]?.message ?? "not valid"}`,
    action: "Give a value that keeps to the rule.",
  });
}

/** The branch of `lane` ("lane-e" or "e") for `runId`, dated by the UTC day of `day`. */
export function branchName(of: { lane: string; runId: string; day: Date }): BranchName {
  const date = of.day.toISOString().slice(0, 10).replaceAll("-", "");
  return checked(
    BranchName,
    `codex/torghut-v3-${of.lane.replace(/^lane-/, "")}-${date}-${of.runId}`,
  );
}

/** Pattern for `git ls-remote` that finds the branches of `lane` for `runId` of any day. */
export function branchPattern(of: { lane: string; runId: string }): string {
  const lane = of.lane.replace(/^lane-/, "");
  if (!/^[a-f]$/.test(lane) || !ID_PATTERN.test(of.runId)) branchName({ ...of, day: new Date(0) });
  return `refs/heads/codex/torghut-v3-${lane}-????????-${of.runId}`;
}
