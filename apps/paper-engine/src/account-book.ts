/** What the journal said of each file's version, by file, and what it has to be asked again. */
import type { Log } from "@baton/telemetry";

import { createAccounts, heldBack, type JournalReader, type Judged } from "./accounts.ts";
import type { StrategyVersion } from "./strategy-file.ts";

/** What isn't accounted for is held against the journal again after this time, in milliseconds; most of them in one round. */
const AGAIN_MS = { out: 1000, held: 1000, unread: 300 } as const;
const MOST_AGAIN = 20;

/** A version of a file. */
export interface FileVersion {
  readonly file: string;
  readonly version: StrategyVersion;
}

/** The book. */
export interface AccountBook {
  /** Begins a look: what couldn't be asked before may be asked again. */
  begin(): void;
  /** Holds the version against the journal; `problem`: why it isn't increased, for people. Never throws. */
  judge(of: FileVersion): Promise<{ readonly judged: Judged; readonly problem?: string }>;
  /** What may be accounted for by now: its candidate went on, or the journal answers again. */
  waiting(): readonly FileVersion[];
  /** Why nothing of the file may be increased; null if it may. */
  heldBack(file: string): string | null;
  /** True if nothing of the file may run. */
  isOut(file: string): boolean;
  forget(file: string): void;
  /** Why nothing was accounted for in the last look; null if all could be asked. */
  problem(): string | null;
}

/** An empty one; `now` in milliseconds. */
export function createAccountBook(parts: {
  readonly journal: JournalReader;
  readonly log: Log;
  readonly now: () => number;
}): AccountBook {
  const { log, now } = parts;
  const accounts = createAccounts(parts.journal);
  const known = new Map<string, FileVersion & { readonly judged: Judged; readonly at: number }>();
  return {
    begin: () => accounts.begin(),
    async judge({ file, version }) {
      const before = known.get(file);
      const judged = await accounts.judge(version);
      known.set(file, { file, version, judged, at: now() });
      const problem = heldBack(version, judged);
      if (problem === undefined) return { judged };
      if (before?.version.commit !== version.commit || before.judged.kind !== judged.kind)
        tell(log, { file, version, judged, problem });
      return { judged, problem };
    },
    waiting: () =>
      Array.from(known.values())
        .filter(({ judged: { kind }, at }) => kind !== "accounted" && now() - at >= AGAIN_MS[kind])
        .toSorted((one, other) => one.at - other.at)
        .slice(0, MOST_AGAIN),
    heldBack(file) {
      const of = known.get(file);
      if (of === undefined) return "it wasn't held against the journal yet";
      return heldBack(of.version, of.judged) ?? null;
    },
    isOut: (file) => known.get(file)?.judged.kind === "out",
    forget: (file) => void known.delete(file),
    problem: () => accounts.problem(),
  };
}

function tell(
  log: Log,
  { file, version, judged, problem }: FileVersion & { judged: Judged; problem: string },
): void {
  const about = { file, commit: version.commit, candidateId: version.settings.candidateId };
  if (judged.kind === "unread") log.warn(about, problem);
  else log.error({ ...about, code: "E_UNACCOUNTED", account: judged }, problem);
}
