import { createHash } from "node:crypto";

import type { AuditPackContent, PackArtifact } from "../build-pack.ts";
import type { JournalRow } from "../journal-extract.ts";

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

/** A journal of three entries with gaps between its sequences, as other candidates make them. */
export function journal(): JournalRow[] {
  return [11, 15, 40].map((sequence, index) => ({
    sequence,
    time: AT,
    entry: {
      n: index + 1,
      prev: [0, 11, 15][index] ?? 0,
      candidateId: CANDIDATE,
      stage: "audit-evidence",
      runId: RUN,
      spec: SPEC,
      artifacts: artifacts.map(({ name, sha256: digest, bytes }) => ({
        name,
        sha256: digest,
        bytes,
        stage: "gate-evaluation",
        runId: RUN,
      })),
    },
  }));
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
