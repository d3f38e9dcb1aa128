import { signedText } from "@baton/contracts";
import { createUser, fromPublic } from "@nats-io/nkeys";
import { expect, test } from "vitest";

import { isSigned, signerOf } from "./keys.ts";

const pair = createUser();
const signer = signerOf(new TextDecoder().decode(pair.getSeed()));
const MESSAGE = { v: 1, mesh: `mesh-${"0".repeat(32)}`, text: "é" };

test("what is signed verifies by the key's own library, and the other way round", () => {
  expect(signer.publicKey).toBe(pair.getPublicKey());
  const signed = signer.sign(MESSAGE);
  const bytes = Buffer.from(signed.signature, "base64url");
  const text = new TextEncoder().encode(signedText(signed));
  expect(fromPublic(signer.publicKey).verify(text, bytes)).toBe(true);
  const signature = Buffer.from(pair.sign(text)).toString("base64url");
  expect(isSigned(signed, { publicKey: signer.publicKey, signature })).toBe(true);
});

test("nothing else verifies: another message, another key, none", () => {
  const signed = signer.sign(MESSAGE);
  expect(isSigned(signed, signed)).toBe(true);
  expect(isSigned({ ...signed, mesh: `mesh-${"1".repeat(32)}` }, signed)).toBe(false);
  const other = createUser().getPublicKey();
  expect(isSigned({ ...signed, publicKey: other }, { ...signed, publicKey: other })).toBe(false);
  const none = `U${"A".repeat(55)}`;
  expect(isSigned({ ...signed, publicKey: none }, { ...signed, publicKey: none })).toBe(false);
  expect(isSigned(signed, { ...signed, signature: "A".repeat(86) })).toBe(false);
});
