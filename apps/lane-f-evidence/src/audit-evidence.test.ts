import { AuditManifest } from "@baton/artifacts";
import { openAuditKey, verifyAuditPack } from "@baton/audit";
import type { Entry, StoredControls } from "@baton/contracts";
import type { StoredCommand } from "@baton/mesh";
import { signerOf } from "@baton/people";
import { createStageContext, temporaryFolder } from "@baton/testkit";
import { createUser } from "@nats-io/nkeys";
import { afterAll, expect, test } from "vitest";

import type { EvidenceOptions, JournalEntry } from "./ports.ts";
import { controlState } from "./testing/controls.ts";
import { chained, gateFailure, journalEntry, refsOf } from "./testing/journal.ts";
import { CANDIDATE, promotable, rolledOut, RUN, spec } from "./testing/run-artifacts.ts";
import { runStage } from "./testing/run-stage.ts";

const folder = temporaryFolder("audit");
afterAll(() => folder.remove());
const auditKey = openAuditKey(`${folder.path}/key.pem`, { create: true });
const journal: JournalEntry[] = [];
const states: StoredControls[] = [];
const commands = new Map<string, StoredCommand>();
const options: EvidenceOptions = {
  broker: { url: "http://127.0.0.1:1", token: "t" },
  engineUrl: "http://127.0.0.1:1",
  gitops: { repository: "/nonexistent", cacheDir: folder.path },
  journal: { entries: async () => chained(journal) },
  commands: { find: async ({ commandId }) => commands.get(commandId) },
  controls: { last: async () => states.at(-1), at: async (sequence) => states[sequence - 1] },
  auditKey,
  secrets: ["a-secret-of-the-lane"],
};
const PACK = "observed/audit-pack.tar";
const MANIFEST = "audit/manifest.json";

/** A run that came all the way; `observed` is what depends on the clock. */
const whole = (observed = "first") => ({
  ...promotable(),
  ...rolledOut("11".repeat(32)),
  "observed/rollback-drills.json": { completedAt: observed },
});

/** Seals a run whose journal names its artifacts, and whose stages failed and waited in between. */
function seal(inputs: Record<string, unknown>, over: Partial<EvidenceOptions> = {}) {
  const { inputs: refs } = createStageContext({
    lane: "lane-f",
    stage: "audit-evidence",
    spec: spec(),
    candidateId: CANDIDATE,
    runId: RUN,
    inputs,
  });
  const failure = {
    class: "transient",
    code: "E_DATA_UNAVAILABLE",
    message: "no answer",
    action: "wait",
  } as const;
  journal.splice(
    0,
    9,
    journalEntry(1, { reason: "SUBMITTED" }),
    journalEntry(2, { reason: "RETRY_BACKOFF", attempt: 1, failure }),
    journalEntry(3, gateFailure("live-ramp", ["ramp: x"])),
    journalEntry(4, { stage: "audit-evidence", artifacts: refsOf(refs) }),
    journalEntry(5, { holder: "closed", reason: "COMPLETED", awaits: null }),
  );
  return runStage({ ...options, ...over }, { stage: "audit-evidence", inputs, sequence: 40 });
}

test("a run is sealed whole: every artifact, the journal up to the dispatch, a manifest", async () => {
  const inputs = whole();
  const { context, outcome } = await seal(inputs);
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const pack = context.outputs.get(PACK) ?? new Uint8Array();
  const found = await verifyAuditPack(pack, { publicKey: auditKey.pem });
  expect(found).toMatchObject({ ok: true, trusted: true });
  expect(found.manifest?.sections.artifacts).toEqual(
    [...Object.keys(inputs), MANIFEST].map((name) => `artifacts/${name}`).toSorted(),
  );
  const text = new TextDecoder().decode(pack);
  expect(text).toContain('"sequence":40');
  expect(text).not.toContain('"sequence":50');
  expect(text).toContain("E_DATA_UNAVAILABLE");

  const manifest = context.outputJson(MANIFEST, AuditManifest);
  expect(manifest.observed).toEqual(["observed/rollback-drills.json"]);
  expect(manifest.artifacts.map(({ name }) => name)).not.toContain("observed/rollback-drills.json");
  expect(manifest.gates.map(({ stage, verdict }) => `${stage} ${verdict}`)).toEqual([
    "gate-evaluation pass",
    "live-ramp pass",
    "promotion-prerequisites pass",
    "shadow-paper pass",
  ]);
  expect(manifest.code.runtime).toBe("v24.21.0");
});

test("lanes that were gone, and the mesh's controls up to the dispatch, are in the pack", async () => {
  states.splice(
    0,
    9,
    controlState(1, { about: { kind: "incident-closed", id: "inc-1" } }),
    controlState(2),
  );
  const inputs = whole();
  await seal(inputs);
  const since = "2026-01-05T10:00:00.000Z";
  const { entry } = journal[3] ?? journalEntry(4);
  journal.splice(
    1,
    3,
    journalEntry(2, { cause: { kind: "no-workers", lane: "lane-c", since } }),
    journalEntry(3, { cause: { kind: "workers-back", lane: "lane-c" } }),
    journalEntry(4, { ...entry, controls: 1 }),
  );
  const { context } = await runStage(options, { stage: "audit-evidence", inputs, sequence: 40 });
  const text = new TextDecoder().decode(context.outputs.get(PACK));
  const [section = ""] = /\{\n {2}"attempts"[^\0]*/.exec(text) ?? [];
  const { controls, mesh } = JSON.parse(section);
  expect(
    Object(controls)
      .map(Object)
      .map(({ cause }: Entry) => cause.kind),
  ).toEqual(["no-workers", "workers-back"]);
  expect(mesh.entries).toMatchObject([
    { sequence: 1, detail: expect.stringMatching(/^Incident inc-1 closed by /) },
  ]);
});

test("a candidate that an incident took before it had any artifact is sealed too", async () => {
  const { context, outcome } = await seal({});
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  expect(context.outputJson(MANIFEST, AuditManifest).code.specSha256).toBeNull();
});

test("the same dispatch gives the same pack; other times change the pack but not the manifest", async () => {
  const first = await seal(whole());
  const again = await seal(whole());
  expect(again.context.outputs.get(PACK)).toEqual(first.context.outputs.get(PACK));
  const later = await seal(whole("second"));
  expect(later.context.outputs.get(PACK)).not.toEqual(first.context.outputs.get(PACK));
  expect(later.context.outputs.get(MANIFEST)).toEqual(first.context.outputs.get(MANIFEST));
});

test("a run that ended early is sealed with what it has", async () => {
  const inputs = { "research/candidate-spec.json": promotable()["research/candidate-spec.json"] };
  const { context, outcome } = await seal(inputs);
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  expect(context.outputJson(MANIFEST, AuditManifest).code.pluginSourceSha256).toBeNull();
});

test("an earlier run's manifest stays beside this run's", async () => {
  const { context, outcome } = await seal({ ...whole(), [MANIFEST]: { earlier: true } });
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const { manifest } = await verifyAuditPack(context.outputs.get(PACK) ?? new Uint8Array());
  expect(manifest?.sections.artifacts?.filter((path) => path.includes("/manifest"))).toEqual([
    "artifacts/audit/manifest-run-0123456789ab.json",
    "artifacts/audit/manifest.json",
  ]);
});

test("a secret in an artifact stops the sealing, without telling it", async () => {
  const { context, outcome } = await seal({ ...whole(), "build/log.txt": "a-secret-of-the-lane" });
  expect(outcome).toMatchObject({
    kind: "failed",
    failure: { class: "policy", code: "E_PACK_SECRET" },
  });
  expect(JSON.stringify(outcome)).not.toContain("a-secret-of-the-lane");
  expect(context.outputs.has(PACK)).toBe(false);
});

test("a journal with a gap isn't sealed", async () => {
  const gap = async () => journal.filter(({ sequence }) => sequence !== 20);
  const { context, outcome } = await seal(whole(), { journal: { entries: gap } });
  expect(outcome).toMatchObject({
    kind: "failed",
    failure: { class: "deterministic", code: "E_AUDIT_PACK" },
  });
  expect(context.outputs.has(PACK)).toBe(false);
});

test("what people signed is sealed with it; a command that is gone can't be sealed over", async () => {
  const signer = signerOf(new TextDecoder().decode(createUser().getSeed()));
  const command = signer.sign({
    v: 1,
    mesh: `mesh-${"0".repeat(32)}`,
    id: "cmd-000001",
    candidateId: CANDIDATE,
    time: "2026-01-05T11:00:00.000Z",
    by: "ada",
    type: "resume",
    why: "mended",
  });
  const { publicKey, signature } = command;
  const cause: Entry["cause"] = {
    kind: "command",
    commandId: "cmd-000001",
    type: "resume",
    by: "ada",
    why: "mended",
    roles: [],
    signature: { publicKey, signature },
  };
  const inputs = whole();
  const sealNow = async () => {
    const sealing = seal(inputs);
    const last = journal[3];
    if (!last) throw new Error("no dispatch");
    journal[3] = { ...last, entry: { ...last.entry, cause } };
    return await sealing;
  };
  expect((await sealNow()).outcome).toMatchObject({
    kind: "failed",
    failure: {
      code: "E_AUDIT_PACK",
      message: expect.stringContaining("command cmd-000001 (resume by ada) isn't stored"),
    },
  });
  commands.set("cmd-000001", { value: JSON.parse(JSON.stringify(command)), storedAt: 0 });
  const { context } = await sealNow();
  commands.clear();
  const pack = context.outputs.get(PACK) ?? new Uint8Array();
  expect(await verifyAuditPack(pack, { publicKey: auditKey.pem })).toMatchObject({
    ok: true,
    commands: { signed: 1, unsigned: 0 },
  });
});

test("what people signed about the mesh is sealed with a candidate that was decided under it", async () => {
  const signer = signerOf(new TextDecoder().decode(createUser().getSeed()));
  const command = signer.sign({
    v: 1,
    mesh: `mesh-${"0".repeat(32)}`,
    id: "cmd-000002",
    candidateId: "mesh-controls",
    time: "2026-01-05T11:00:00.000Z",
    by: "ada",
    type: "kill-switch",
    why: "bad fills",
  });
  const { publicKey, signature } = command;
  const cause: StoredControls["controls"]["cause"] = {
    kind: "command",
    commandId: "cmd-000002",
    type: "kill-switch",
    by: "ada",
    why: "bad fills",
    roles: [],
    signature: { publicKey, signature },
  };
  states.splice(0, 9, controlState(1), controlState(2, { cause }), controlState(3));
  const inputs = whole();
  const sealNow = async () => {
    const sealing = seal(inputs);
    // Decided under the second, although the third is as old as the submission.
    for (const [index, controls] of [
      [1, 2],
      [3, 3],
    ] as const) {
      const row = journal[index];
      if (row) journal[index] = { ...row, entry: { ...row.entry, controls } };
    }
    return await sealing;
  };
  expect((await sealNow()).outcome).toMatchObject({
    kind: "failed",
    failure: {
      code: "E_AUDIT_PACK",
      message: expect.stringContaining("command cmd-000002 (kill-switch by ada) isn't stored"),
    },
  });
  commands.set("cmd-000002", { value: JSON.parse(JSON.stringify(command)), storedAt: 0 });
  const { context } = await sealNow();
  commands.clear();
  states.splice(0, 9);
  const pack = context.outputs.get(PACK) ?? new Uint8Array();
  expect(await verifyAuditPack(pack, { publicKey: auditKey.pem })).toMatchObject({
    ok: true,
    commands: { signed: 1, unsigned: 0 },
  });
});
