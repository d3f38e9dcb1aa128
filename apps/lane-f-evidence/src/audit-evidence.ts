/**
 * Stage audit-evidence: seals the run. The pack holds every artifact and the journal up to the dispatch of this stage,
 * signed; it is verified here before anybody is told that it exists. The same dispatch gives the same bytes.
 */
import type { AuditManifest } from "@baton/artifacts";
import {
  type AuditKey,
  buildAuditPack,
  type PackArtifact,
  SecretInPack,
  verifyAuditPack,
} from "@baton/audit";
import { cut } from "@baton/contracts";
import { done, type StageContext, StageFailure, type StageOutcome } from "@baton/lanekit";
import type { Commands } from "@baton/mesh";
import { counted } from "@baton/text/counted";

import { gatherAuditManifest } from "./audit-manifest.ts";
import { controlsOf, controlsSection } from "./controls-section.ts";
import { journalUpTo } from "./journal-extract.ts";
import { approvalsSection, retriesSection, runSection, verifiedGates } from "./journal-sections.ts";
import type { ControlsReader, JournalEntry, JournalReader } from "./ports.ts";
import { packedCommands } from "./stored-commands.ts";

const MANIFEST = "audit/manifest.json";
const PACK = "observed/audit-pack.tar";

/** What sealing needs besides the run. */
export interface SealOptions {
  readonly journal: JournalReader;
  readonly controls: ControlsReader;
  readonly commands: Commands;
  readonly auditKey: AuditKey;
  readonly secrets?: readonly string[];
}

/** The stage's work. */
export async function auditEvidence(
  context: StageContext,
  options: SealOptions,
): Promise<StageOutcome> {
  context.progress("gathering evidence");
  const entries = await journalUpTo(context, options.journal);
  const manifest = await gatherAuditManifest(context);
  const ref = await context.putJson(MANIFEST, manifest);
  // The journal may name an earlier run's manifest, which then stays in the pack under its own name.
  const taken = context.inputs.some(({ name }) => name === MANIFEST);
  const name = taken ? `audit/manifest-${context.runId}.json` : MANIFEST;
  const made: PackArtifact = { ...ref, name, read: () => context.fetch(ref.sha256) };
  context.progress("sealing the audit pack");
  const { bytes } = await packOf({ context, entries, manifest, made }, options);
  const { ok, faults } = await verifyAuditPack(bytes, { publicKey: options.auditKey.pem });
  if (!ok)
    throw new StageFailure({
      class: "deterministic",
      code: "E_AUDIT_PACK",
      message: cut(`the pack doesn't verify: ${faults.map(({ message }) => message).join("; ")}`),
      action:
        "Nothing was sealed. Look at the named artifact or entry; then `baton resume ID --why …`.",
    });
  await context.put(PACK, bytes);
  const { length } = context.inputs;
  return done(
    `${counted(length, "artifact")} and ${counted(entries.length, "journal entry", "journal entries")} sealed with ${options.auditKey.id}`,
  );
}

interface Sealing {
  readonly context: StageContext;
  readonly entries: readonly JournalEntry[];
  readonly manifest: AuditManifest;
  readonly made: PackArtifact;
}

async function packOf({ context, entries, manifest, made }: Sealing, options: SealOptions) {
  const last = entries.at(-1);
  if (!last) throw new Error("a journal that reaches the dispatch has an entry");
  const { entry } = last;
  const { gates, datasets, code, configPatchSha256 } = manifest;
  // An artifact's bytes are read while packing, and only those that fit.
  const states = await controlsOf(entries, options.controls);
  const commands = await packedCommands(entries, states, options.commands);
  const artifacts = context.inputs.map((input) => ({
    ...input,
    read: () => context.fetch(input.sha256),
  }));
  try {
    return await buildAuditPack(
      {
        candidateId: context.candidateId,
        runId: context.runId,
        createdAt: last.time,
        sections: {
          run: runSection(entries, entry),
          gates: { reports: gates, verified: verifiedGates(entries) },
          approvals: approvalsSection(entries, entry),
          commands,
          "retries-and-pauses": {
            ...retriesSection(entries, entry),
            mesh: controlsSection(states, context.candidateId),
          },
          datasets,
          code: { ...code, configPatchSha256 },
        },
        journal: entries,
        artifacts: [...artifacts, made],
      },
      options.auditKey,
      options.secrets,
    );
  } catch (error) {
    if (!(error instanceof SecretInPack)) throw error;
    throw new StageFailure(
      {
        class: "policy",
        code: error.code,
        message: error.message,
        action: "Take the secret out of what made that artifact and change it; then run again.",
      },
      { cause: error },
    );
  }
}
