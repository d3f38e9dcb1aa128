/** A pack is held against the specification that was submitted, however well it is signed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { type AuditKey, openAuditKey } from "./audit-key.ts";
import { buildAuditPack } from "./build-pack.ts";
import {
  artifact,
  artifacts,
  journal,
  packContent,
  sayingAll,
  SPEC,
} from "./testing/pack-content.ts";
import { verifyAuditPack } from "./verify-pack.ts";

let directory = "";
let key: AuditKey;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "audit-"));
  key = openAuditKey(join(directory, "key.pem"), { create: true });
});
afterAll(() => rmSync(directory, { recursive: true }));
const bytesOf = (value: string) => new TextEncoder().encode(value);

const LIVE = { ...SPEC, promotion: { target: "live", notional: 50_000_000 } };

test("a pack's sections, entries and artifacts are held against the specification that was submitted", async () => {
  const { sections } = packContent();
  const packed = async (over: Parameters<typeof packContent>[0]) =>
    (await verifyAuditPack((await buildAuditPack(packContent(over), key)).bytes)).faults;
  const fault = (message: RegExp) => [
    { code: "E_PACK_LINEAGE", message: expect.stringMatching(message) },
  ];
  expect(await packed({})).toEqual([]);
  expect(await packed({ sections: { ...sections, run: { spec: LIVE } } })).toEqual(
    fault(/section run has another specification/),
  );
  expect(await packed({ sections: { ...sections, code: { specSha256: "0".repeat(64) } } })).toEqual(
    fault(/section code names another specification/),
  );
  const basis = sayingAll(artifacts, LIVE);
  const rows = journal((entry, n) => (n === 2 ? { ...entry, basis } : entry));
  expect(await packed({ journal: rows })).toEqual(
    fault(/journal entry 15 has another specification/),
  );
});

test("an artifact with another specification than the journal's fails a pack, well signed or not", async () => {
  const reading = { schemaVersion: "baton.candidate-spec.v1", spec: LIVE };
  const forged = artifact("research/candidate-spec.json", bytesOf(JSON.stringify(reading)));
  const basis = sayingAll([forged]);
  const rows = journal((entry, n) => (n === 1 ? { ...entry, basis } : entry));
  const { bytes } = await buildAuditPack(packContent({ journal: rows, artifacts: [forged] }), key);
  const { ok, faults } = await verifyAuditPack(bytes, { publicKey: key.pem });
  expect(ok).toBe(false);
  expect(faults).toEqual([
    {
      code: "E_PACK_LINEAGE",
      message: expect.stringMatching(/research\/candidate-spec.json" contradicts the dispatch/),
    },
  ]);
});
