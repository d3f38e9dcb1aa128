/** Who may do what: a real coordinator that knows people by their keys, and those who try to pass for them. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Command, commandSubject, signedText } from "@baton/contracts";
import { done, type StageWork } from "@baton/lanekit";
import { approvalState, candidateIdOf } from "@baton/playbook";
import { eventually, startTestNats, temporaryFolder, type TestNats } from "@baton/testkit";
import { fromPublic } from "@nats-io/nkeys";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { KEYS, openPeopleWorld, type PeopleWorld, signedCommand } from "./people-world.ts";

let nats: TestNats;
let world: PeopleWorld;
const releases = new Map<string, () => void>();

/** Stage `make` waits where the specification says so. */
const make: StageWork = async (context) => {
  const { spec, candidateId, signal } = context;
  if (spec["does"] === "wait") {
    await new Promise((resolve) => {
      releases.set(candidateId, () => resolve(undefined));
      signal.addEventListener("abort", () => resolve(undefined));
    });
  }
  await context.put("make/output.txt", new TextEncoder().encode(`made for ${candidateId}`));
  return done("made");
};

const ship: StageWork = async (context) => {
  await context.put("ship/note.txt", new TextEncoder().encode("shipped"));
  return done("shipped");
};

beforeAll(async () => {
  nats = await startTestNats({ signIn: true });
  world = await openPeopleWorld(nats);
  world.loop.startLanes({ make, ship });
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await nats.stop();
});

/** A candidate that waits for approvals, and the digest they are bound to. */
async function asking(
  name: string,
  needs: "approval" | "haste" = "approval",
): Promise<{ id: string; evidence: string }> {
  const id = await world.submit({ needs, name });
  const { entry } = await untilReason(id, "APPROVAL_REQUIRED");
  return { id, evidence: entry.review?.evidence ?? "" };
}

function untilReason(id: string, reason: string) {
  return world.loop.until(id, reason, (entry) => entry.reason === reason);
}

describe("a command by nobody known", () => {
  const spec = { name: "never taken" };
  const submit = { type: "submit", candidateId: candidateIdOf(spec), spec };
  const signed = (key: Parameters<typeof signedCommand>[0], more: object = {}) =>
    signedCommand(key, { mesh: world.loop.mesh.name, ...submit, ...more });

  test.each([
    [
      "isn't signed",
      () => ({ ...signed("ann"), publicKey: undefined, signature: undefined }),
      "the command isn't signed",
    ],
    [
      "is signed with a key that nobody registered",
      () => signed("stranger", { by: "ann" }),
      "nobody is registered with the key U",
    ],
    [
      "is signed with the key of another name",
      () => signed("ben", { by: "ann" }),
      "the command says ann, its key is ben's",
    ],
    [
      "has a forged signature",
      () => ({ ...signed("ann"), signature: "A".repeat(86) }),
      "the signature doesn't fit the command",
    ],
    [
      "names a registered key that it wasn't signed with",
      () => ({ ...signed("stranger"), publicKey: KEYS.ann.getPublicKey() }),
      "the signature doesn't fit the command",
    ],
    [
      "was altered after it was signed",
      () => ({ ...signed("ann"), trace: `00-${"1".repeat(32)}-${"1".repeat(16)}-01` }),
      "the signature doesn't fit the command",
    ],
    [
      "was signed for another mesh",
      () => signed("ann", { mesh: `mesh-${"0".repeat(32)}` }),
      "the command is meant for mesh-0000",
    ],
    [
      "names no mesh",
      () => signed("ann", { mesh: undefined }),
      "the command doesn't say which mesh it is meant for",
    ],
    [
      "was signed too long ago",
      () => signed("ann", { time: new Date(Date.now() - 660_000).toISOString() }),
      "it was signed at ",
    ],
  ])("that %s is denied and leaves no trace in the journal", async (_, command, message) => {
    const outcome = await world.sendRaw(command());
    expect(outcome).toMatchObject({ kind: "refused", code: "E_DENIED" });
    expect(outcome.kind === "refused" ? outcome.message : "").toContain(message);
    expect(await world.loop.mesh.journal.last(submit.candidateId)).toBeUndefined();
  });
});

describe("a command that was caught on its way", () => {
  test("can't be stored again, nor under another id or candidate", async () => {
    const { id, evidence } = await asking("caught");
    const other = await asking("not meant");
    const caught = signedCommand("ann", {
      mesh: world.loop.mesh.name,
      type: "approve",
      candidateId: id,
      evidence,
    });
    expect(await world.sendRaw(caught)).toMatchObject({ kind: "accepted", stage: "check" });
    const again = (candidateId: string, commandId: string) =>
      world.loop.mesh.publisher.publish({
        subject: commandSubject({ candidateId, commandId }),
        payload: JSON.stringify(caught),
        headers: {},
      });
    await expect(again(id, String(caught["id"]))).rejects.toThrow(/maximum messages per subject/);
    // Under another id it doesn't fit its subject and is set aside; with that id inside it doesn't fit its signature.
    await again(id, "command-again");
    const renamed = await world.sendRaw({ ...caught, id: "command-renamed" });
    expect(renamed).toMatchObject({ code: "E_DENIED" });
    const moved = await world.sendRaw({ ...caught, candidateId: other.id });
    expect(moved).toMatchObject({ code: "E_DENIED" });
    const last = await world.loop.mesh.journal.last(other.id);
    expect(last?.entry.approvals).toEqual([]);
  });

  test("that was stored while no coordinator ran is decided when one does", async () => {
    const { id, evidence } = await asking("stored for later");
    await world.loop.coordinator().sigkill();
    const decided = world.send("ann", { type: "approve", candidateId: id, evidence });
    await world.loop.startCoordinator().ready();
    expect(await decided).toMatchObject({ kind: "accepted" });
    const last = await world.loop.mesh.journal.last(id);
    expect(last?.entry.approvals).toMatchObject([{ by: "ann", roles: ["risk"] }]);
  });
});

test("the journal keeps a signature that anyone can hold against the stored command", async () => {
  const id = await world.submit({ name: "kept signature" });
  const first = await world.loop.mesh.journal.first(id);
  const cause = first?.entry.cause;
  if (cause?.kind !== "command" || !cause.signature) throw new Error("no signature was kept");
  expect(cause).toMatchObject({ by: "author", roles: ["risk"] });
  const stored = await world.loop.mesh.jsm.streams.getMessage("COMMANDS", {
    last_by_subj: commandSubject({ candidateId: id, commandId: cause.commandId }),
  });
  const value: object = stored?.json() ?? {};
  expect(Command.parse(value).signature).toBe(cause.signature.signature);
  const bytes = Buffer.from(cause.signature.signature, "base64url");
  const key = fromPublic(cause.signature.publicKey);
  expect(key.verify(Buffer.from(signedText(value)), bytes)).toBe(true);
  expect(key.verify(Buffer.from(signedText({ ...value, by: "eve" })), bytes)).toBe(false);
});

describe("approvals", () => {
  test("are by two people with the role, neither the author, whatever keys they have", async () => {
    const { id, evidence } = await asking("two people");
    const approve = (key: Parameters<PeopleWorld["send"]>[0], seen = evidence) =>
      world.send(key, { type: "approve", candidateId: id, evidence: seen });
    expect(await approve("author")).toMatchObject({ code: "E_DENIED" });
    expect(await approve("olga")).toMatchObject({
      code: "E_DENIED",
      message: `to approve ${id} takes the role risk; olga has ops`,
    });
    expect(await approve("ann", "0".repeat(64))).toMatchObject({ code: "E_CONFLICT" });
    expect(await approve("ann")).toMatchObject({ kind: "accepted", stage: "check" });
    expect(await approve("ann")).toMatchObject({ code: "E_CONFLICT" });
    expect(await approve("annsOther")).toMatchObject({
      code: "E_CONFLICT",
      message: "ann has approved this already",
    });
    expect(await approve("ben")).toMatchObject({ kind: "accepted", stage: "ship" });
    const closed = await untilReason(id, "COMPLETED");
    expect(closed.entry.approvals).toMatchObject([
      { by: "ann", evidence, used: true, publicKey: KEYS.ann.getPublicKey() },
      { by: "ben", evidence, used: true, publicKey: KEYS.ben.getPublicKey() },
    ]);
  });
});

describe("approvals that were given earlier", () => {
  test("are void when the candidate was sent back, whatever was made anew", async () => {
    const { id, evidence } = await asking("sent back");
    await world.send("ann", { type: "approve", candidateId: id, evidence });
    const why = "the drawdown is too large";
    const back = await world.send("ben", { type: "send-back", candidateId: id, why });
    expect(back).toMatchObject({ kind: "accepted", stage: "make" });
    const again = await world.loop.until(
      id,
      "asked again",
      (entry) => entry.reason === "APPROVAL_REQUIRED" && entry.iteration === 1,
    );
    const { feedback } = await world.loop.mesh.journal.whole(again.entry);
    expect(feedback).toMatchObject([{ stage: "check", reasons: [`ben: ${why}`] }]);
    const [given] = again.entry.approvals;
    expect(given && approvalState(given, again.entry, again.entry.time)).toBe("void");
    const anew = { type: "approve", candidateId: id, evidence: again.entry.review?.evidence };
    expect(await world.send("ben", anew)).toMatchObject({ stage: "check" });
    expect(await world.send("ann", anew)).toMatchObject({ stage: "ship" });
  });

  test("don't count once their time is over", async () => {
    const { id, evidence } = await asking("expired", "haste");
    await world.send("ann", { type: "approve", candidateId: id, evidence });
    const { entry } = (await world.loop.mesh.journal.last(id)) ?? {};
    const [given] = entry?.approvals ?? [];
    if (!entry || !given) throw new Error("nothing was approved");
    await eventually(() => approvalState(given, entry, new Date().toISOString()) === "expired", {
      what: "expired",
    });
    const outcome = await world.send("ben", { type: "approve", candidateId: id, evidence });
    expect(outcome).toMatchObject({ kind: "accepted", stage: "make" });
    expect(outcome).toMatchObject({ detail: expect.stringContaining("expired: ann (") });
  });
});

describe("a hold", () => {
  test("is put by whoever has the role, says what still runs, and outlives the coordinator", async () => {
    const id = await world.submit({ name: "held", does: "wait" });
    await eventually(() => releases.has(id), { what: "running" });
    const pause = { type: "pause", candidateId: id, why: "exchange closed" };
    expect(await world.send("ann", pause)).toMatchObject({ code: "E_DENIED" });
    expect(await world.send("olga", pause)).toMatchObject({
      kind: "accepted",
      detail:
        "On hold by olga. make was handed to lane-a before and may finish: its result is kept, nothing is dispatched. Why: exchange closed",
    });
    await world.loop.coordinator().sigkill();
    releases.get(id)?.();
    await world.loop.startCoordinator().ready();
    const kept = await world.loop.until(id, "kept", (entry) => entry.kept !== null);
    expect(kept.entry).toMatchObject({ reason: "PAUSED", hold: { by: "olga" }, holder: "review" });
    expect(await world.send("ann", { type: "resume", candidateId: id })).toMatchObject({
      code: "E_DENIED",
    });
    expect(await world.send("olga", { type: "resume", candidateId: id })).toMatchObject({
      kind: "accepted",
      stage: "check",
    });
  });

  test("that is cancelled says what happens to the stage in flight", async () => {
    const id = await world.submit({ name: "cancelled", does: "wait" });
    await eventually(() => releases.has(id), { what: "running" });
    await world.send("olga", { type: "pause", candidateId: id });
    expect(await world.send("ann", { type: "cancel", candidateId: id })).toMatchObject({
      detail:
        "Cancelled by ann. make was in flight: lane-a is told to stop, its result won't count. Why: because.",
    });
  });
});

test("none of this broke an invariant, looked at from outside", async () => {
  const folder = temporaryFolder("people-invariants");
  const input = join(folder.path, "input.json");
  const gates = { check: "gates/check.json" };
  const stages = { gates, promoting: [], recovery: null };
  const natsSeedFile = nats.seedFileOf("cli");
  const where = { natsUrl: nats.url, natsSeedFile, remotes: [], brokerLog: null };
  writeFileSync(input, JSON.stringify({ ...where, ...stages, receipts: [], settled: false }));
  const checker = join(import.meta.dirname, "../../../libs/invariants/src/main.ts");
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [checker, input], (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
  folder.remove();
  const violated = JSON.parse(output).invariants.flatMap(
    (one: { id: string; violations: unknown[] }) => one.violations.map((what) => [one.id, what]),
  );
  expect(violated).toEqual([]);
});

test("a registry with faults keeps the coordinator from starting, and names them", async () => {
  const service = world.loop.startCoordinator({ BATON_PEOPLE: "/does/not/exist.yaml" });
  expect((await service.exited).code).toBe(3);
  expect(service.output()).toContain("E_PEOPLE");
});
