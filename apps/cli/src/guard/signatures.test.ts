/** An entry says who asked for what; only what they signed bears it out. */
import type { CandidateRecord } from "@baton/client";
import type { Controls, Entry } from "@baton/contracts";
import { parsePeople, type People, type Signer, signerOf } from "@baton/people";
import { controlled, sampleEntry, type SampleChanges } from "@baton/testkit";
import { createUser } from "@nats-io/nkeys";
import { expect, test } from "vitest";

import { openSignatures } from "./signatures.ts";

const signer = (): Signer => signerOf(new TextDecoder().decode(createUser().getSeed()));
const [ann, eve] = [signer(), signer()];
const read = parsePeople(JSON.stringify([{ name: "ann", publicKey: ann.publicKey, roles: [] }]));
const people: People | undefined = read.ok ? read.people : undefined;
const CANDIDATE = "cand-0123456789ab";
const MADE_UP = "A".repeat(86);

const approve = (by: Signer) =>
  by.sign({
    v: 1,
    mesh: `mesh-${"0".repeat(32)}`,
    id: "cmd-000001",
    candidateId: CANDIDATE,
    time: "2026-03-01T12:00:00.000Z",
    by: "ann",
    type: "approve",
    why: "read it",
  });

/** An entry that says ann approved, by `command`'s signature. */
function entryFor(command: Partial<ReturnType<typeof approve>>, over: SampleChanges = {}): Entry {
  const { publicKey, signature } = command;
  return sampleEntry({
    candidateId: CANDIDATE,
    cause: {
      kind: "command",
      commandId: "cmd-000001",
      type: "approve",
      by: "ann",
      why: "read it",
      roles: [],
      ...(publicKey !== undefined &&
        signature !== undefined && { signature: { publicKey, signature } }),
    },
    ...over,
  });
}

function recordOf(sent: unknown, controls: readonly Controls[] = []): CandidateRecord {
  return {
    candidateId: CANDIDATE,
    entries: [],
    sentCommand: (_, id) => (id === "cmd-000001" ? sent : undefined),
    sources: {
      command: () => undefined,
      report: () => undefined,
      playbook: () => undefined,
      controls: (sequence) => controls[sequence - 1],
    },
  };
}

test("a command that its owner signed bears out what the entry says", () => {
  const sent = approve(ann);
  const signatures = openSignatures(recordOf(sent), people);
  expect(signatures.faultOf(entryFor(sent))).toBeUndefined();
  expect(signatures.counted()).toEqual({ signed: 1, unsigned: 0, registry: true });
});

test.each<[string, { sent: unknown; entry: Entry; known?: People | undefined; why: string }]>([
  [
    "a made-up signature",
    {
      sent: { ...approve(ann), signature: MADE_UP },
      entry: entryFor({ ...approve(ann), signature: MADE_UP }),
      why: "doesn't fit",
    },
  ],
  [
    "a stranger's signature",
    {
      sent: approve(eve),
      entry: entryFor(approve(eve)),
      known: people,
      why: "nobody is registered",
    },
  ],
  [
    "a command that isn't stored",
    { sent: undefined, entry: entryFor(approve(ann)), known: people, why: "isn't stored" },
  ],
  [
    "none, where people were known",
    {
      sent: { ...approve(ann), publicKey: undefined, signature: undefined },
      entry: entryFor({}),
      known: people,
      why: "",
    },
  ],
])("%s is a fault", (_, { sent, entry, known, why }) => {
  const value: unknown = sent === undefined ? undefined : JSON.parse(JSON.stringify(sent));
  const found = openSignatures(recordOf(value), known).faultOf(entry);
  expect(found).toEqual(expect.stringContaining(why));
});

test("a release of the kill switch that nobody signed is a fault of what was decided under it", () => {
  const states = controlled({ wish: { type: "kill-switch" } }).map(({ controls }) => controls);
  const entry = sampleEntry({ controls: 1, cause: { kind: "deadline" } });
  const known = openSignatures(recordOf(undefined, states), people);
  expect(known.faultOf(entry)).toMatch(/^CONTROLS 1: command .* isn't stored$/);
  // Where nobody is known it is counted.
  const unknown = openSignatures(recordOf(undefined, states), undefined);
  expect(unknown.faultOf(entry)).toBeUndefined();
  expect(unknown.counted()).toEqual({ signed: 0, unsigned: 1, registry: false });
});
