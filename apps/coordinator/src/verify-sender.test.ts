import { Command, signedText, SIGNED_WITHIN_MS } from "@baton/contracts";
import { parsePeople, type People } from "@baton/people";
import { createUser } from "@nats-io/nkeys";
import { expect, test } from "vitest";

import { type Sender, verifySender } from "./verify-sender.ts";

type Json = Record<string, unknown>;

const keys = { ada: createUser(), bob: createUser(), stranger: createUser() };
const NOW = Date.parse("2026-03-01T09:00:00.000Z");

const people = registry([
  { name: "ada", publicKey: keys.ada.getPublicKey(), roles: ["risk"] },
  { name: "bob", publicKey: keys.bob.getPublicKey(), roles: [] },
]);

function registry(list: unknown): People {
  const result = parsePeople(JSON.stringify(list));
  if (!result.ok) throw new Error(result.faults.join());
  return result.people;
}

const MESH = `mesh-${"1".repeat(32)}`;
const PLAIN: Json = {
  v: 1,
  mesh: MESH,
  id: "command-1",
  candidateId: "cand-1",
  time: new Date(NOW).toISOString(),
  by: "ada",
  type: "approve",
  why: "  read it  ",
  evidence: "0".repeat(64),
};

function sign(command: Json, who: keyof typeof keys = "ada"): Json {
  const pair = keys[who];
  const unsigned = { ...command, publicKey: pair.getPublicKey() };
  const signature = pair.sign(new TextEncoder().encode(signedText(unsigned)));
  return { ...unsigned, signature: Buffer.from(signature).toString("base64url") };
}

/** What becomes of a command, after its way over the wire. */
function senderOf(sent: Json, registered: People | undefined = people, storedAt = NOW): Sender {
  const value: object = JSON.parse(JSON.stringify(sent));
  return verifySender(
    { command: Command.parse(value), value, storedAt },
    { mesh: MESH, people: registered },
  );
}

function refusalOf(sent: Json, registered: People | undefined = people, storedAt = NOW): string {
  const sender = senderOf(sent, registered, storedAt);
  return sender.kind === "refused" ? sender.message : "";
}

test("a signed command is taken with the roles that the registry has", () => {
  expect(senderOf(sign(PLAIN))).toEqual({
    kind: "taken",
    identity: { name: "ada", roles: ["risk"] },
  });
});

test("the order of its fields doesn't matter, what reading trims does", () => {
  const reversed = Object.fromEntries(Object.entries(sign(PLAIN)).toReversed());
  expect(senderOf(reversed).kind).toBe("taken");
  expect(refusalOf({ ...sign(PLAIN), why: "read it" })).toMatch(/^the signature doesn't fit/);
});

test("an unsigned command isn't taken where people are known", () => {
  expect(refusalOf(PLAIN)).toBe("the command isn't signed");
});

test("a key that nobody registered isn't taken", () => {
  expect(refusalOf(sign(PLAIN, "stranger"))).toBe(
    `nobody is registered with the key ${keys.stranger.getPublicKey()}`,
  );
});

test("a key of another name isn't taken", () => {
  expect(refusalOf(sign(PLAIN, "bob"))).toBe("the command says ada, its key is bob's");
});

test("a forged signature isn't taken, nor one by another key", () => {
  const forged = { ...sign(PLAIN), signature: "A".repeat(86) };
  const borrowed = { ...sign(PLAIN, "bob"), publicKey: keys.ada.getPublicKey() };
  for (const sent of [forged, borrowed])
    expect(refusalOf(sent)).toMatch(/^the signature doesn't fit the command/);
});

test("a command for another mesh isn't taken, signed or not, nor a signed one that names none", () => {
  const { mesh: _, ...nameless } = PLAIN;
  const other = { ...PLAIN, mesh: `mesh-${"2".repeat(32)}` };
  expect(refusalOf(sign(other))).toBe(`the command is meant for ${other.mesh}, this is ${MESH}`);
  expect(refusalOf(other)).toMatch(/^the command is meant for/);
  expect(refusalOf({ ...sign(other), mesh: MESH })).toMatch(/^the signature doesn't fit/);
  expect(refusalOf(sign(nameless))).toBe("the command doesn't say which mesh it is meant for");
});

test.each([
  ["id", "command-2"],
  ["candidateId", "cand-2"],
  ["time", new Date(NOW + 1).toISOString()],
  ["type", "reject"],
  ["why", "other"],
  ["evidence", "1".repeat(64)],
])("a command whose %s was altered isn't taken", (key, value) => {
  const { evidence: _, ...rest } = sign(PLAIN);
  const altered = key === "type" ? rest : sign(PLAIN);
  expect(refusalOf({ ...altered, [key]: value })).toMatch(/^the signature doesn't fit/);
});

test("a specification is signed as it came, with what parsing could lose", () => {
  const spec = { name: "x", nested: [1, 2.5, "é", null], z: {} };
  const { why: _why, evidence: _evidence, ...common } = PLAIN;
  const signed = sign({ ...common, type: "submit", spec });
  expect(senderOf(signed).kind).toBe("taken");
  expect(refusalOf({ ...signed, spec: { ...spec, z: { a: 1 } } })).toMatch(/^the signature/);
});

test.each([
  ["stored long after", SIGNED_WITHIN_MS + 1, false],
  ["stored in time", SIGNED_WITHIN_MS, true],
  ["signed by a clock that is ahead", -SIGNED_WITHIN_MS, true],
  ["signed by a clock that is far ahead", -SIGNED_WITHIN_MS - 1, false],
])("a command %s", (_, apartMs, taken) => {
  expect(refusalOf(sign(PLAIN), people, NOW + apartMs)).toMatch(
    taken ? /^$/ : /^it was signed at .* more than 10 minutes apart$/,
  );
});

test("without a registry everybody is believed, but a signature that is there must fit", () => {
  const believe = (sent: Json): Sender =>
    verifySender(received(sent), { mesh: MESH, people: undefined });
  for (const sent of [PLAIN, sign(PLAIN), sign(PLAIN, "stranger")])
    expect(believe(sent)).toEqual({ kind: "taken", identity: undefined });
  expect(believe({ ...sign(PLAIN), why: "other" }).kind).toBe("refused");
  const noKey = { ...sign(PLAIN), publicKey: `U${"A".repeat(55)}` };
  expect(believe(noKey).kind).toBe("refused");
});

function received(sent: Json) {
  const value: object = JSON.parse(JSON.stringify(sent));
  return { command: Command.parse(value), value, storedAt: NOW };
}
