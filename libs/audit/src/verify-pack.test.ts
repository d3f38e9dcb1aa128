import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as fc from "fast-check";
import { pack } from "tar-stream";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type AuditKey, openAuditKey } from "./audit-key.ts";
import { buildAuditPack } from "./build-pack.ts";
import { extractLine } from "./journal-extract.ts";
import { type AuditPackManifest, MANIFEST_PATH, SIGNATURE_PATH } from "./pack-manifest.ts";
import { readTar, writeTar } from "./tar-form.ts";
import { artifact, artifacts, journal, packContent } from "./testing/pack-content.ts";
import { verifyAuditPack } from "./verify-pack.ts";

let directory = "";
let key: AuditKey;
let good: Uint8Array;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "audit-"));
  key = openAuditKey(join(directory, "key.pem"), { create: true });
  good = (await buildAuditPack(packContent(), key)).bytes;
});
afterAll(() => rmSync(directory, { recursive: true }));

async function codes(bytes: Uint8Array, publicKey?: string): Promise<string[]> {
  const found = await verifyAuditPack(bytes, publicKey === undefined ? {} : { publicKey });
  expect(found.ok).toBe(found.faults.length === 0);
  return [...new Set(found.faults.map(({ code }) => code))];
}
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytesOf = (value: string) => new TextEncoder().encode(value);

/** The good pack with its files changed. */
async function changed(change: (files: Map<string, Uint8Array>) => void): Promise<Uint8Array> {
  const files = new Map((await readTar(good)).files);
  change(files);
  return writeTar(files);
}

/** The good pack with its manifest changed, and signed again with the right key. */
async function resigned(
  change: (manifest: AuditPackManifest, files: Map<string, Uint8Array>) => void,
): Promise<Uint8Array> {
  return changed((files) => {
    const manifest: AuditPackManifest = JSON.parse(text(files.get(MANIFEST_PATH)));
    change(manifest, files);
    for (const file of manifest.files) {
      const bytes = files.get(file.path);
      if (!bytes) continue;
      file.sha256 = createHash("sha256").update(bytes).digest("hex");
      file.bytes = bytes.length;
    }
    const head = bytesOf(JSON.stringify(manifest));
    files.set(MANIFEST_PATH, head);
    files.set(SIGNATURE_PATH, bytesOf(`${Buffer.from(key.sign(head)).toString("hex")}\n`));
  });
}

async function rawTar(
  entries: readonly { name: string; content?: string; type?: "symlink" | "directory" }[],
): Promise<Uint8Array> {
  const tar = pack();
  for (const { name, content = "", type } of entries)
    tar.entry({ name, ...(type && { type, linkname: "/etc/passwd" }) }, content);
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("a pack verifies in memory and from a file, with its own key and with the one expected", async () => {
  expect(await verifyAuditPack(good)).toMatchObject({ ok: true, faults: [], trusted: false });
  const path = join(directory, "pack.tar");
  writeFileSync(path, good);
  const found = await verifyAuditPack(path, { publicKey: key.pem });
  expect(found).toMatchObject({ ok: true, trusted: true });
  expect(found.manifest).toMatchObject({ candidateId: "cand-0123456789ab", key: { id: key.id } });
  expect(found.manifest?.files.map((file) => file.path)).toContain(
    "artifacts/research/candidate-spec.json",
  );
});

test("the same content and key give the same bytes", async () => {
  const again = await buildAuditPack(packContent({ artifacts: artifacts.toReversed() }), key);
  expect(Buffer.from(again.bytes).equals(good)).toBe(true);
});

test("one flipped bit anywhere makes a pack fail", async () => {
  const boundaries = Array.from({ length: good.length / 512 }, (_, block) => block * 512);
  const position = fc.oneof(
    fc.nat(good.length - 1),
    fc.constantFrom(...boundaries),
    // The end of the archive is padding, which a reader may ignore.
    fc.integer({ min: good.length - 1024, max: good.length - 1 }),
  );
  await fc.assert(
    fc.asyncProperty(position, fc.nat(7), async (at, bit) => {
      const flipped = Uint8Array.from(good);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      expect(await codes(flipped, key.pem)).not.toEqual([]);
    }),
    { numRuns: 400 },
  );
}, 20_000);

test("every third byte of manifest header, manifest and signature counts", async () => {
  const { files } = await readTar(good);
  const end = 512 * 3 + (files.get(MANIFEST_PATH)?.length ?? 0) + 200;
  for (let at = 0; at < end; at += 3) {
    const flipped = Uint8Array.from(good);
    flipped[at] = (flipped[at] ?? 0) ^ 0x20;
    expect(await codes(flipped)).not.toEqual([]);
  }
}, 20_000);

test("a pack cut anywhere, or with anything added, fails", async () => {
  for (const length of [
    0,
    1,
    511,
    512,
    5000,
    good.length - 1024,
    good.length - 512,
    good.length - 1,
  ])
    expect(await codes(good.subarray(0, length))).not.toEqual([]);
  expect(await codes(Buffer.concat([good, Buffer.alloc(512)]))).toEqual(["E_PACK_FORM"]);
  expect(await codes(Buffer.concat([good, good]))).not.toEqual([]);
});

test("changed, missing and extra files are told by name", async () => {
  const name = "artifacts/research/candidate-spec.json";
  const altered = await changed((files) => files.set(name, bytesOf('{"thesis":"momentun"}\n')));
  const found = await verifyAuditPack(altered);
  expect(found.faults).toEqual([
    { code: "E_PACK_ALTERED", message: `"${name}" is not what the manifest says` },
  ]);
  expect(await codes(await changed((files) => files.delete(name)))).toEqual(["E_PACK_MISSING"]);
  expect(await codes(await changed((files) => files.set("extra.txt", bytesOf("x"))))).toEqual([
    "E_PACK_EXTRA",
  ]);
});

test("a pack without manifest or signature, or with another's, fails", async () => {
  expect(await codes(await changed((files) => files.delete(MANIFEST_PATH)))).toContain(
    "E_PACK_MANIFEST",
  );
  expect(await codes(await changed((files) => files.delete(SIGNATURE_PATH)))).toEqual([
    "E_PACK_SIGNATURE",
  ]);
  const upper = await changed((files) =>
    files.set(SIGNATURE_PATH, bytesOf(text(files.get(SIGNATURE_PATH)).toUpperCase())),
  );
  expect(await codes(upper)).toEqual(["E_PACK_SIGNATURE"]);
});

test("a pack signed with another key fails only against the key that was expected", async () => {
  const other = openAuditKey(join(directory, "other.pem"), { create: true });
  const { bytes } = await buildAuditPack(packContent(), other);
  expect(await codes(bytes)).toEqual([]);
  expect(await codes(bytes, key.pem)).toEqual(["E_PACK_KEY", "E_PACK_SIGNATURE"]);
});

test.each([
  "run",
  "journal",
  "gates",
  "approvals",
  "retries-and-pauses",
  "datasets",
  "code",
  "artifacts",
] as const)("a well signed pack without section %s fails", async (section) => {
  const bytes = await resigned((manifest) => {
    delete manifest.sections[section];
  });
  expect(await codes(bytes, key.pem)).toEqual(["E_PACK_SECTION"]);
});

test("a well signed pack with an empty section fails", async () => {
  const bytes = await resigned((_, files) => files.set("gates.json", new Uint8Array()));
  expect(await codes(bytes, key.pem)).toEqual(["E_PACK_SECTION"]);
});

test("J1: a well signed journal extract with a gap, a foreign entry or no beginning fails", async () => {
  const rows = journal();
  const [first, second, third] = rows;
  const withChange = (n: number, change: object) =>
    journal((entry, at) => (at === n ? { ...entry, ...change } : entry));
  const foreign = withChange(2, { candidateId: "cand-someone-else" });
  // The bytes of an entry are another's than its successors were decided on.
  const rewritten = [withChange(2, { reason: "PAUSED" })[1]];
  const otherPrev = withChange(3, { prevSha256: "0".repeat(64) });
  const otherBasis = withChange(3, { basis: { earlier: [11], sha256: "0".repeat(64) } });
  const noBasis = withChange(3, { basis: { earlier: [12], sha256: "0".repeat(64) } });
  for (const bad of [
    [first, third],
    [second, third],
    [second, first, third],
    [first, ...rewritten, third],
    foreign,
    otherPrev,
    otherBasis,
    noBasis,
    [],
  ]) {
    const lines = bad.flatMap((row) => (row ? [extractLine(row)] : [])).join("");
    const bytes = await resigned((_, files) => files.set("journal.jsonl", bytesOf(lines || "\n")));
    expect(await codes(bytes, key.pem)).toEqual(["E_PACK_JOURNAL"]);
  }
});

test("an artifact that the journal names must be in the pack", async () => {
  const { bytes } = await buildAuditPack(packContent({ artifacts: artifacts.slice(0, 1) }), key);
  expect(await codes(bytes)).toEqual(["E_PACK_JOURNAL"]);
});

test.each([
  ["a path that leaves the pack", [{ name: "../x" }]],
  ["an absolute path", [{ name: "/etc/x" }]],
  ["a backslash", [{ name: "a\\b" }]],
  ["a path with an empty part", [{ name: "a//b" }]],
  ["a hidden file", [{ name: "a/.x" }]],
  ["a link", [{ name: "link", type: "symlink" }]],
  ["a folder", [{ name: "folder", type: "directory" }]],
  ["a name twice", [{ name: "a" }, { name: "a" }]],
  ["names that differ in case only", [{ name: "a" }, { name: "A" }]],
] as const)("%s is refused", async (_, entries) => {
  expect(await codes(await rawTar(entries))).toContain("E_PACK_ENTRY");
});

test("too many entries and entries that claim to be huge stop at the limit", async () => {
  const many = await rawTar(Array.from({ length: 600 }, (_, n) => ({ name: `f-${n}` })));
  expect(await codes(many)).toContain("E_PACK_LIMIT");
  const huge = Buffer.from(await rawTar([{ name: "bomb" }]));
  huge.write("77777777777\0", 124);
  huge.fill(" ", 148, 156);
  const sum = huge.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  huge.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  expect(await codes(huge)).toContain("E_PACK_LIMIT");
});

test("a pack whose end is damaged or cut is an altered pack, not something that is none", async () => {
  const { bytes } = await buildAuditPack(packContent({ artifacts }), key);
  const flipped = Uint8Array.from(bytes);
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
  for (const wrong of [flipped, bytes.slice(0, -1), bytes.slice(0, bytes.length >> 1)]) {
    const [first] = await codes(wrong);
    expect(first).toBeDefined();
    expect(first).not.toBe("E_PACK_UNREADABLE");
  }
});

test("what is no pack at all is refused without an exception", async () => {
  for (const path of [directory, join(directory, "missing"), "/dev/zero", "\u001b]0;x\u0000"])
    expect((await verifyAuditPack(path)).faults.map(({ code }) => code)).toEqual([
      "E_PACK_UNREADABLE",
    ]);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
      expect(await codes(bytes)).not.toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test("artifacts beyond a pack's size are named by digest, and the pack still verifies", async () => {
  const large = artifact("backtest/huge.json", new Uint8Array(57 * 1024 * 1024));
  const { bytes, manifest } = await buildAuditPack(
    packContent({ artifacts: [...artifacts, large] }),
    key,
  );
  expect(manifest.omitted.map(({ path }) => path)).toEqual(["artifacts/backtest/huge.json"]);
  expect(await codes(bytes)).toEqual([]);
});

test.each([
  ["private key", "-----BEGIN PRIVATE KEY-----"],
  ["NATS seed", `SU${"A".repeat(56)}`],
  ["credentials in a URL", "https://user:hunter22@git.example/x"],
  ["named secret", '"apiKey": "abcdef"'],
  ["bearer token", "Authorization: Bearer abcdefghijklmnopqrstuvwxyz"],
  ["configured secret", "the-value-that-was-given"],
])("a pack with a %s is not made", async (kind, content) => {
  const leak = artifact("research/note.txt", bytesOf(`before ${content} after`));
  const made = buildAuditPack(packContent({ artifacts: [leak] }), key, [
    "the-value-that-was-given",
    "short",
  ]);
  const error = await made.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "E_PACK_SECRET" });
  expect(String(error)).toContain(kind);
  expect(String(error)).not.toContain(content);
});
