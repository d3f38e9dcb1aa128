import { expect, test } from "vitest";

import { PublicKey, Role, Signature, signedText } from "./command-signature.ts";
import { Command } from "./command.ts";

const signed = {
  v: 1,
  id: "command-1",
  candidateId: "cand-1",
  time: "2026-03-01T09:00:00.000Z",
  by: "ada",
  type: "pause",
  why: "because",
  publicKey: `U${"A".repeat(55)}`,
  signature: "A".repeat(86),
};

test("what is signed is the canonical form of everything but the signature", () => {
  expect(signedText(signed)).toBe(
    `{"by":"ada","candidateId":"cand-1","id":"command-1","publicKey":"U${"A".repeat(55)}","time":"2026-03-01T09:00:00.000Z","type":"pause","v":1,"why":"because"}`,
  );
  const shuffled = Object.fromEntries(Object.entries(signed).toReversed());
  expect(signedText({ ...shuffled, signature: "other" })).toBe(signedText(signed));
});

test.each(["id", "candidateId", "time", "by", "type", "why", "publicKey", "v"])(
  "%s is in the signed text",
  (key) => {
    expect(signedText({ ...signed, [key]: "other" })).not.toBe(signedText(signed));
  },
);

test("a command is signed with a key or not at all", () => {
  const { publicKey: _key, ...keyless } = signed;
  const { signature: _signature, ...unsigned } = signed;
  const { publicKey: _, ...plain } = unsigned;
  expect(Command.safeParse(signed).success).toBe(true);
  expect(Command.safeParse(plain).success).toBe(true);
  for (const half of [keyless, unsigned]) {
    expect(Command.safeParse(half).error?.issues[0]).toMatchObject({
      path: ["signature"],
      message: "publicKey and signature come together or not at all",
    });
  }
});

test("one signature has one spelling", () => {
  const ok = (text: string): boolean => Signature.safeParse(text).success;
  expect(ok("A".repeat(86))).toBe(true);
  // 64 bytes fill the last character by two of its six bits.
  expect(["B", "C", "9", "_"].map((last) => ok("A".repeat(85) + last))).toEqual(
    Array.from({ length: 4 }, () => false),
  );
  expect([`${"A".repeat(86)}==`, "A".repeat(85), `+${"A".repeat(85)}`].some(ok)).toBe(false);
});

test.each([
  ["a seed", PublicKey, `SU${"A".repeat(56)}`],
  ["an account's key", PublicKey, `A${"A".repeat(55)}`],
  ["a key with a digit that base32 hasn't", PublicKey, `U${"1".repeat(55)}`],
  ["a role in capitals", Role, "Risk"],
  ["a role with a blank", Role, "risk officer"],
])("%s is refused", (_, schema, text) => {
  expect(schema.safeParse(text).success).toBe(false);
});
