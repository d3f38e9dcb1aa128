import { createHash } from "node:crypto";

import type { AuditPackContent, PackArtifact } from "../build-pack.ts";
import type { ExtractRow } from "../journal-extract.ts";

const CANDIDATE = "cand-0123456789ab";
const RUN = "run-0123456789ab";
const AT = "2026-01-05T12:00:00.000Z";

/** As it was submitted. */
export const SPEC = { thesis: "momentum" };

const bytesOf = (text: string) => new TextEncoder().encode(text);

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** An artifact in memory. */
export function artifact(name: string, content: Uint8Array): PackArtifact {
  return { name, sha256: sha256(content), bytes: content.length, read: async () => content };
}

/** Two artifacts, one of them with a name that needs more than a plain tar header. */
export const artifacts = [
  artifact("research/candidate-spec.json", bytesOf('{"thesis":"momentum"}\n')),
  artifact(`gates/${"long-folder-name/".repeat(9)}gate-evaluation.json`, bytesOf("x".repeat(700))),
];

/** What a test may want of an entry; `n` from 1. */
type Changed = (entry: Readonly<Record<string, unknown>>, n: number) => object;

/** A journal of three entries with gaps between its sequences, as other candidates make them; the first says all. */
export function journal(changed: Changed = (entry) => entry): ExtractRow[] {
  const rows: ExtractRow[] = [];
  const digests: string[] = [];
  for (const [index, sequence] of [11, 15, 40].entries()) {
    const entry = {
      n: index + 1,
      prev: [0, 11, 15][index] ?? 0,
      prevSha256: digests.at(-1) ?? null,
      candidateId: CANDIDATE,
      stage: "audit-evidence",
      runId: RUN,
      basis:
        index === 0
          ? sayingAll(artifacts)
          : { earlier: [11], sha256: sha256(bytesOf(digests[0] ?? "")) },
    };
    const text = JSON.stringify(changed(entry, index + 1));
    digests.push(sha256(bytesOf(text)));
    rows.push({ sequence, time: AT, text });
  }
  return rows;
}

/** What an entry says that brings the specification and these artifacts. */
export function sayingAll(of: readonly PackArtifact[], spec: object = SPEC): object {
  const made = of.map(({ name, sha256: digest, bytes }) => ({ name, sha256: digest, bytes }));
  return { spec, made: [{ stage: "gate-evaluation", runId: RUN, artifacts: made }] };
}

/** Content of a whole pack. */
export function packContent(over: Partial<AuditPackContent> = {}): AuditPackContent {
  return {
    candidateId: CANDIDATE,
    runId: RUN,
    createdAt: AT,
    sections: {
      run: { author: "tester", spec: SPEC },
      gates: [],
      approvals: [],
      commands: [],
      "retries-and-pauses": { retries: [], pauses: [] },
      datasets: [{ instrument: "SPX" }],
      code: { plugin: "sma-cross" },
    },
    journal: journal(),
    artifacts,
    ...over,
  };
}
