/** Messages of every version ever written, and some that a later release might write, held against what this one reads. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import * as contracts from "@baton/contracts";
import { canonicalJson, openUnion, readWire, WIRE, WIRE_VERSION } from "@baton/contracts";
import { expect, test } from "vitest";
import { z } from "zod";

import { lessOf, strippedIn } from "./less-of.ts";

const CORPUS = join(import.meta.dirname, "../../../../libs/contracts/corpus");
const KINDS = Object.entries(WIRE);
/** Who writes commands is refused by name what isn't known; everything else passes through a reader that knows less. */
const TOLERANT = KINDS.filter(([kind]) => kind !== "command" && kind !== "control-command");
const VERSIONS = Array.from({ length: WIRE_VERSION }, (_, index) => `v${index + 1}`);

function linesOf(version: string, kind: string): unknown[] {
  const file = join(CORPUS, version, `${kind}.jsonl`);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}

test.each(KINDS)(
  "%s: the corpus has what every version wrote, and what a later one may",
  (kind) => {
    for (const version of [...VERSIONS, "next"])
      expect(linesOf(version, kind), `libs/contracts/corpus/${version}/${kind}.jsonl`).not.toEqual(
        [],
      );
  },
);

test("nothing on the wire leaves keys out", () => {
  const kinds = TOLERANT.flatMap(([kind, schema]) => strippedIn(schema, kind));
  expect(kinds).toEqual([]);
});

test("every message that carries a version is a kind of the corpus", () => {
  const known: readonly z.ZodType[] = Object.values(WIRE);
  const versioned = Object.entries(contracts).filter(
    ([, value]) => value instanceof z.ZodObject && Object.hasOwn(value.shape, "v"),
  );
  // Reports and commands are unions of theirs.
  const parts = ["AttemptReport", "ResultReport"];
  const left = versioned.filter(
    ([name, value]) => !known.some((one) => one === value) && !parts.includes(name),
  );
  expect(versioned.length).toBeGreaterThan(5);
  expect(left.map(([name]) => name)).toEqual([]);
});

test.each(KINDS)("%s: what every version wrote is read, whole", (kind, schema) => {
  for (const version of VERSIONS)
    for (const message of linesOf(version, kind)) {
      const read = readWire<unknown>(schema, message);
      expect(read).toStrictEqual({ kind: "read", value: message });
    }
});

const NextLine = z.object({
  what: z.string(),
  is: z.enum(["read", "newer", "malformed"]),
  message: z.unknown(),
});

test.each(KINDS)(
  "%s: what a later release may write is kept whole, waits or is refused",
  (kind, schema) => {
    for (const line of linesOf("next", kind)) {
      const { what, is, message } = NextLine.parse(line);
      const read = readWire<unknown>(schema, message);
      // Digests over what passes through hold; what doesn't names what is wrong with it.
      const why = expect.stringMatching(/^[\w.()]+: /);
      const expected = is === "read" ? canonicalJson({ what, message }) : { what, is, why };
      expect(
        read.kind === "read"
          ? canonicalJson({ what, message: read.value })
          : { what, is: read.kind, why: read.why },
      ).toEqual(expected);
    }
  },
);

test.each(TOLERANT)(
  "%s: a reader that knows half of it takes it, and keeps the rest",
  (kind, schema) => {
    const less = lessOf(schema);
    for (const message of linesOf("v1", kind))
      expect(readWire(less, message)).toStrictEqual({ kind: "read", value: message });
  },
);

test("a reader that knows half of a command refuses it by the key's name", () => {
  const less = lessOf(WIRE.command);
  for (const message of linesOf("v1", "command"))
    expect(readWire(less, message)).toMatchObject({
      kind: "malformed",
      why: expect.stringMatching(/Unrecognized keys?: "/),
    });
});

test("a kind that isn't known is kept as it is; one that is known must be right", () => {
  const union = openUnion([
    z.looseObject({ kind: z.literal("one"), n: z.int() }),
    z.looseObject({ kind: z.literal("two") }),
  ]);
  expect(readWire(union, { kind: "three", of: [1] })).toMatchObject({
    value: { kind: "three", of: [1] },
  });
  expect(readWire(union, { kind: "one", n: "x" })).toMatchObject({
    kind: "malformed",
    why: /^n: /,
  });
  expect(readWire(union, { kind: 3 })).toMatchObject({ kind: "malformed" });
});
