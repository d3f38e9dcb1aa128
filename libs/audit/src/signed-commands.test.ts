import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parsePeople, type Signer, signerOf } from "@baton/people";
import { createUser } from "@nats-io/nkeys";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type AuditKey, openAuditKey } from "./audit-key.ts";
import { buildAuditPack } from "./build-pack.ts";
import { packCommand } from "./signed-commands.ts";
import { readTar } from "./tar-form.ts";
import { journal, packContent } from "./testing/pack-content.ts";
import { verifyAuditPack } from "./verify-pack.ts";

let directory = "";
let key: AuditKey;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "audit-"));
  key = openAuditKey(join(directory, "key.pem"), { create: true });
});
afterAll(() => rmSync(directory, { recursive: true }));
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

const pairs = { ada: createUser(), eve: createUser() };
const signerFor = (name: keyof typeof pairs): Signer =>
  signerOf(new TextDecoder().decode(pairs[name].getSeed()));
const read = parsePeople(
  JSON.stringify([{ name: "ada", publicKey: signerFor("ada").publicKey, roles: [] }]),
);
const people = read.ok ? read.people : new Map();
const approve = (by: keyof typeof pairs) =>
  signerFor(by).sign({
    v: 1,
    mesh: `mesh-${"0".repeat(32)}`,
    id: "cmd-000001",
    candidateId: "cand-0123456789ab",
    time: "2026-01-05T11:00:00.000Z",
    by,
    type: "approve",
    why: "read it",
  });

/** A sealed pack whose second entry says that `by` approved, with `packed` as the section. */
async function sealed(
  by: keyof typeof pairs,
  over: { packed?: readonly object[]; cause?: object } = {},
): Promise<Uint8Array> {
  const command = approve(by);
  const { publicKey, signature } = command;
  const cause = {
    kind: "command",
    commandId: "cmd-000001",
    type: "approve",
    by,
    roles: [],
    signature: { publicKey, signature },
    ...over.cause,
  };
  const rows = journal((entry, n) => (n === 2 ? { ...entry, cause } : entry));
  const { sections } = packContent();
  const commands = over.packed ?? [packCommand("cmd-000001", command)];
  const content = packContent({ journal: rows, sections: { ...sections, commands } });
  return (await buildAuditPack(content, key)).bytes;
}

const found = (bytes: Uint8Array, known = true) =>
  verifyAuditPack(bytes, { publicKey: key.pem, ...(known && { people }) });

test("what people signed is in the pack as the text that was signed, and verifies", async () => {
  const bytes = await sealed("ada");
  expect(await found(bytes)).toMatchObject({ ok: true, commands: { signed: 1, unsigned: 0 } });
  const section = text((await readTar(bytes)).files.get("commands.json"));
  const [packed] = JSON.parse(section);
  const signature = Buffer.from(packed.signature, "base64url");
  expect(pairs.ada.verify(Buffer.from(packed.text), signature)).toBe(true);
});

const made = () => packCommand("cmd-000001", approve("ada"));
test.each<[string, () => Promise<Uint8Array>, string]>([
  ["isn't there", () => sealed("ada", { packed: [] }), "isn't stored"],
  [
    "has a made-up signature",
    () =>
      sealed("ada", {
        packed: [{ ...made(), signature: "A".repeat(86) }],
        cause: {
          signature: { publicKey: signerFor("ada").publicKey, signature: "A".repeat(86) },
        },
      }),
    "doesn't fit",
  ],
  [
    "says something else",
    () => sealed("ada", { packed: [{ ...made(), text: made().text.replace("read it", "fine") }] }),
    "doesn't fit",
  ],
  [
    "is written otherwise than it was signed",
    () => sealed("ada", { packed: [{ ...made(), text: ` ${made().text}` }] }),
    "isn't stored",
  ],
  ["is by nobody known", () => sealed("eve"), "nobody is registered with"],
  [
    "isn't signed where people were known",
    () =>
      sealed("ada", {
        packed: [{ ...made(), signature: undefined }],
        cause: { signature: undefined },
      }),
    "",
  ],
])(
  "a signed command that %s makes the pack unsound, however well it is sealed",
  async (_, seal, why) => {
    const { ok, faults } = await found(await seal());
    expect(ok).toBe(false);
    expect(faults).toEqual([{ code: "E_PACK_COMMAND", message: expect.stringContaining(why) }]);
  },
);

test("what is signed by keys that nobody named verifies as far as that goes; unsigned ones are counted", async () => {
  expect(await found(await sealed("eve"), false)).toMatchObject({ ok: true });
  const unsigned = await sealed("ada", { cause: { signature: undefined, roles: undefined } });
  expect(await found(unsigned, false)).toMatchObject({
    ok: true,
    commands: { signed: 0, unsigned: 1 },
  });
});

/** Who engaged the switch that the second entry was decided under. */
const engage = (by: keyof typeof pairs) =>
  signerFor(by).sign({
    v: 1,
    mesh: `mesh-${"0".repeat(32)}`,
    id: "cmd-000002",
    candidateId: "mesh-controls",
    time: "2026-01-05T11:00:00.000Z",
    by,
    type: "kill-switch",
    why: "bad fills",
  });

/** A pack whose second entry was decided under the state in which `by` engaged the switch. */
async function underControls(
  by: keyof typeof pairs,
  over: { packed?: readonly object[]; cause?: object; mesh?: object } = {},
): Promise<Uint8Array> {
  const command = engage(by);
  const { publicKey, signature } = command;
  const cause = {
    kind: "command",
    commandId: "cmd-000002",
    type: "kill-switch",
    by,
    roles: [],
    signature: { publicKey, signature },
    ...over.cause,
  };
  const rows = journal((entry, n) => (n === 2 ? { ...entry, controls: 7 } : entry));
  const { sections } = packContent();
  const commands = over.packed ?? [packCommand("cmd-000002", command)];
  const mesh = { carriesCommands: true, entries: [{ sequence: 7, cause }], ...over.mesh };
  const content = packContent({
    journal: rows,
    sections: { ...sections, commands, "retries-and-pauses": { mesh } },
  });
  return (await buildAuditPack(content, key)).bytes;
}

test("what people signed about the mesh verifies too, in whose controls the entries were decided", async () => {
  expect(await found(await underControls("ada"))).toMatchObject({
    ok: true,
    commands: { signed: 1, unsigned: 0 },
  });
  const older = await underControls("ada", { packed: [], mesh: { carriesCommands: undefined } });
  expect(await found(older)).toMatchObject({ ok: true, commands: { signed: 0, unsigned: 1 } });
});

test.each<[string, () => Promise<Uint8Array>, string]>([
  ["isn't there", () => underControls("ada", { packed: [] }), "isn't stored"],
  ["is by nobody known", () => underControls("eve"), "nobody is registered with"],
  [
    "is said to be somebody else's",
    () => underControls("ada", { cause: { by: "eve" } }),
    "stored as",
  ],
  [
    "isn't signed where people were known",
    () => underControls("ada", { cause: { signature: undefined }, packed: [] }),
    "isn't stored",
  ],
  [
    "is one about the candidate under the same id",
    () => underControls("ada", { packed: [packCommand("cmd-000002", approve("ada"))] }),
    "isn't stored",
  ],
  [
    "belongs to a state that is left out",
    () => underControls("ada", { mesh: { entries: [] } }),
    "CONTROLS 7, under which it was decided, isn't told of",
  ],
])("a command about the mesh that %s makes the pack unsound", async (_, seal, why) => {
  const { ok, faults } = await found(await seal());
  expect(ok).toBe(false);
  expect(faults).toEqual([{ code: "E_PACK_COMMAND", message: expect.stringContaining(why) }]);
});
