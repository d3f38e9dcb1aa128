/** `baton policy diff OLD NEW`: what a changed playbook changes, in its text and in what it would have decided. */
import { countFrom } from "@baton/client";
import { print } from "@baton/terminal";
import { counted } from "@baton/text/counted";
import { cutTo, printable } from "@baton/text/printable";
import { EXIT } from "@baton/text/user-error";

import type { Globals } from "../globals.ts";
import { loadPlaybook } from "./load-playbook.ts";
import type { Parting } from "./other-way.ts";
import { type Change, changesBetween } from "./playbook-changes.ts";

/** What the command line said. */
export interface PolicyDiffOptions {
  readonly journal?: true;
  readonly limit: string;
  readonly exitCode?: true;
}

/** A candidate that would have gone another way, or of which that can't be told. */
export interface OtherWay {
  readonly candidateId: string;
  /** It ran under OLD; otherwise under yet another playbook. */
  readonly underOld: boolean;
  readonly parting: Parting | null;
  /** Why it can't be told. */
  readonly unknown: string | null;
}

/** What past candidates say about a changed playbook. */
export interface JournalFindings {
  readonly decidedAgain: number;
  /** Candidates that the limit left out: the oldest. */
  readonly leftOut: number;
  readonly otherWays: readonly OtherWay[];
}

/** Everything that was found. */
interface PolicyDiff {
  readonly old: { readonly file: string; readonly digest: string };
  readonly new: { readonly file: string; readonly digest: string };
  readonly changes: readonly Change[];
  readonly journal: JournalFindings | null;
}

/** Compares and prints. Throws `UserError` for a file that isn't a playbook. */
export async function policyDiff(
  files: { readonly old: string; readonly next: string },
  options: PolicyDiffOptions & Globals,
): Promise<void> {
  const limit = countFrom(options.limit, "limit", 1_000_000);
  const [old, next] = [
    (await loadPlaybook(files.old, "<old>")).playbook,
    (await loadPlaybook(files.next, "<new>")).playbook,
  ];
  let journal: JournalFindings | null = null;
  if (options.journal === true) {
    const { decideAgain } = await import("./policy-journal.ts");
    journal = await decideAgain({ old, next }, { ...options, limit });
  }
  const changes = changesBetween(old, next);
  const differs = changes.length > 0 || (journal?.otherWays.length ?? 0) > 0;
  if (options.exitCode === true && differs) process.exitCode = EXIT.refused;
  const diff: PolicyDiff = {
    old: { file: files.old, digest: old.digest },
    new: { file: files.next, digest: next.digest },
    changes,
    journal,
  };
  await print(options.format, diff, renderPolicyDiff);
}

/** The findings as lines. */
function renderPolicyDiff({ changes, journal, ...files }: PolicyDiff): string {
  const lines = [
    `old  ${files.old.digest.slice(0, 12)}  ${printable(files.old.file)}`,
    `new  ${files.new.digest.slice(0, 12)}  ${printable(files.new.file)}`,
    "",
    ...(changes.length === 0 ? ["Nothing that decides differs."] : changes.map(changeLine)),
    ...(journal ? ["", ...journalLines(journal)] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function changeLine({ path, old, new: next }: Change): string {
  if (/^stages\.[^.]+$/.test(path))
    return old === null ? `+ ${path} (${shown(next)})` : `- ${path} (${shown(old)})`;
  return `~ ${path}: ${shown(old)} -> ${shown(next)}`;
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return cutTo(printable(text), 160);
}

function journalLines({ decidedAgain, leftOut, otherWays }: JournalFindings): string[] {
  const parted = otherWays.filter(({ parting }) => parting !== null).length;
  const rest =
    leftOut > 0
      ? `; ${counted(leftOut, "older one")} ${leftOut === 1 ? "was" : "were"} left out (--limit)`
      : "";
  return [
    `${parted} of ${counted(decidedAgain, "candidate")} would have gone another way${rest}.`,
    ...otherWays.flatMap(({ candidateId, underOld, parting, unknown }) => {
      const under = underOld ? "" : " (ran under another playbook than the old one)";
      if (!parting) return [`? ${candidateId}${under}: can't be told: ${shown(unknown)}`];
      const { n, sequence, was, would } = parting;
      return [
        `! ${candidateId}${under}: entry ${n} (JOURNAL ${sequence})`,
        `    was:   ${shown(was)}`,
        `    would: ${shown(would)}`,
      ];
    }),
  ];
}
