import { createUser } from "@nats-io/nkeys";
import { expect, test } from "vitest";

import { signerOf } from "./keys.ts";
import { parsePeople } from "./registry.ts";
import { signedCommand } from "./signed-command.ts";

const signer = signerOf(new TextDecoder().decode(createUser().getSeed()));
const stranger = signerOf(new TextDecoder().decode(createUser().getSeed()));
const read = parsePeople(
  JSON.stringify([
    { name: "ada", publicKey: signer.publicKey, roles: [] },
    { name: "bob", publicKey: createUser().getPublicKey(), roles: [] },
  ]),
);
const people = read.ok ? read.people : undefined;
const MESH = `mesh-${"1".repeat(32)}`;
const PLAIN = {
  v: 1,
  mesh: MESH,
  id: "command-1",
  candidateId: "cand-1",
  time: "2026-03-01T09:00:00.000Z",
  by: "ada",
  type: "approve",
  why: "read it",
  evidence: "0".repeat(64),
};
const SAID = { commandId: "command-1", candidateId: "cand-1", type: "approve", by: "ada" };

test("what was signed by the one who is said to have sent it is the command", () => {
  const sent = signer.sign(PLAIN);
  const said = { ...SAID, signature: { publicKey: sent.publicKey, signature: sent.signature } };
  expect(signedCommand(sent, said, { people, mesh: MESH })).toMatchObject({ type: "approve" });
  const control = signer.sign({
    ...PLAIN,
    evidence: undefined,
    candidateId: "mesh-controls",
    type: "release-kill-switch",
  });
  const value: unknown = JSON.parse(JSON.stringify(control));
  const about = { ...SAID, candidateId: "mesh-controls", type: "release-kill-switch" };
  expect(signedCommand(value, about, { people })).toMatchObject({ type: "release-kill-switch" });
});

test.each<[string, unknown, object, string]>([
  ["isn't there", undefined, {}, "isn't stored"],
  ["is none", { v: 1 }, {}, "isn't a command"],
  ["isn't signed", PLAIN, {}, "isn't signed"],
  [
    "has a made-up signature",
    { ...signer.sign(PLAIN), signature: "A".repeat(86) },
    {},
    "doesn't fit",
  ],
  ["was altered", { ...signer.sign(PLAIN), evidence: "1".repeat(64) }, {}, "doesn't fit"],
  ["is by nobody known", stranger.sign(PLAIN), {}, "nobody is registered with"],
  ["is by another name", signer.sign({ ...PLAIN, by: "bob" }), { by: "bob" }, "ada's key"],
  ["is of another candidate", signer.sign({ ...PLAIN, candidateId: "cand-2" }), {}, "of cand-2"],
  ["does something else", signer.sign({ ...PLAIN, type: "reject", evidence: undefined }), {}, ""],
  [
    "is for another mesh",
    signer.sign({ ...PLAIN, mesh: `mesh-${"2".repeat(32)}` }),
    {},
    "meant for",
  ],
  [
    "was sent otherwise",
    signer.sign(PLAIN),
    { signature: { signature: "A" } },
    "another signature",
  ],
  ["has another key", signer.sign(PLAIN), { signature: { publicKey: "U" } }, "another key"],
])("one that %s bears nothing out", (_, sent, over, why) => {
  const value: unknown = sent === undefined ? undefined : JSON.parse(JSON.stringify(sent));
  const found = signedCommand(value, { ...SAID, ...over }, { people, mesh: MESH });
  expect(found).toEqual(expect.stringContaining(why));
});
