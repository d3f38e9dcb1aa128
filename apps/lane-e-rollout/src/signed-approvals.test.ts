/** Whoever holds the coordinator's key can write any dispatch; a live ramp takes what people signed. */
import { type Approval, type Entry, type PublicKey } from "@baton/contracts";
import { parsePeople, type Signer, signerOf } from "@baton/people";
import { candidateIdOf, evidenceDigest, parsePlaybook } from "@baton/playbook";
import { createStageContext, sampleEntry } from "@baton/testkit";
import { createUser } from "@nats-io/nkeys";
import { expect, test } from "vitest";

import { type ApprovalRegistry, requireApprovals } from "./signed-approvals.ts";

const MESH = `mesh-${"1".repeat(32)}`;
const SPEC = { name: "trend", promotion: { target: "live", notional: 1000 } };
const CANDIDATE = candidateIdOf(SPEC);
const RUN = "run-0123456789ab";
const INPUTS = { "research/candidate-spec.json": SPEC, "gates/gate-evaluation.json": { pass: 1 } };

const signers = Object.fromEntries(
  ["author", "ann", "ben", "cai", "stranger"].map((name) => [
    name,
    signerOf(new TextDecoder().decode(createUser().getSeed())),
  ]),
);
const signerNamed = (name: string): Signer => {
  const signer = signers[name];
  if (!signer) throw new Error(`no ${name}`);
  return signer;
};
const read = parsePeople(
  JSON.stringify(
    ["author", "ann", "ben", "cai"].map((name) => ({
      name,
      publicKey: signerNamed(name).publicKey,
      roles: name === "ben" ? ["ops"] : ["risk"],
    })),
  ),
);
if (!read.ok) throw new Error(read.faults.join());
const { people } = read;

type Json = Record<string, unknown>;

/** A playbook whose live ramp asks for these approvals. */
function playbookOf(approvals: Json | undefined) {
  const policy = {
    maxRetries: 0,
    initialBackoffSeconds: 0,
    backoffMultiplier: 1,
    maxBackoffSeconds: 0,
    autopauseAfterFailures: 1,
  };
  const parsed = parsePlaybook({
    version: "baton-playbook-v1",
    stages: [
      {
        stage: "begin",
        lane: "lane-a",
        requirePreviousArtifact: false,
        requirePreviousGatePass: false,
      },
      { stage: "live-ramp", lane: "lane-e", ...(approvals && { approvals }) },
    ],
    transitions: { begin: ["live-ramp"], "live-ramp": [] },
    failurePolicies: { transient: policy, deterministic: policy, spec: policy, policy },
  });
  if (!parsed.ok) throw new Error(parsed.faults.join());
  return parsed.playbook;
}

/** A context whose inputs give the digest that is approved. */
const digestOf = (inputs: object = INPUTS): string =>
  evidenceDigest(contextOf([], { inputs }).inputs);

/** Stored commands, by id. */
const stored = new Map<string, unknown>();

function store(by: string, id: string, command: Json): void {
  const time = "2026-03-01T09:00:00.000Z";
  const signer = signerNamed(by);
  stored.set(
    id,
    signer.sign({ v: 1, mesh: MESH, id, candidateId: CANDIDATE, time, by, ...command }),
  );
}

/** An approval as the entry has it; its command is stored unless it is `forged`. */
function approved(by: string, over: Json = {}, entry: Partial<Approval> = {}): Approval {
  const id = `approve-by-${by}`;
  store(by, id, { type: "approve", why: "read it", evidence: digestOf(), ...over });
  return {
    stage: "live-ramp",
    runId: RUN,
    by,
    why: "read it",
    commandId: id,
    time: "2026-03-01T09:00:00.000Z",
    evidence: digestOf(),
    publicKey: signerNamed(by).publicKey,
    used: true,
    ...entry,
  };
}

const PLAYBOOK = playbookOf({ required: 2 });
const ENTERED_MS = Date.parse("2026-03-01T10:00:00.000Z");

function contextOf(
  approvals: readonly Approval[],
  over: { inputs?: object; spec?: Json; playbook?: { source: string } } = {},
) {
  return createStageContext({
    stored: [new TextEncoder().encode((over.playbook ?? PLAYBOOK).source)],
    lane: "lane-e",
    stage: "live-ramp",
    spec: over.spec ?? SPEC,
    candidateId: CANDIDATE,
    runId: RUN,
    inputs: { ...(over.inputs ?? INPUTS) },
    approvals: [...approvals],
  });
}

const pinnedTo = (playbook: string) => registry({}, playbook);

function registry(
  over: Partial<ApprovalRegistry> = {},
  playbook = PLAYBOOK.digest,
): ApprovalRegistry {
  const cause: Entry["cause"] = {
    kind: "command",
    commandId: "submit-1",
    type: "submit",
    by: "author",
    why: null,
  };
  store("author", "submit-1", { type: "submit", spec: SPEC });
  return {
    people: () => people,
    required: 2,
    mesh: MESH,
    commands: {
      find: async ({ commandId }) =>
        stored.has(commandId)
          ? { value: JSON.parse(JSON.stringify(stored.get(commandId))), storedAt: 0 }
          : undefined,
    },
    entered: async () => ENTERED_MS,
    first: async () => ({
      entry: sampleEntry({ candidateId: CANDIDATE, cause, playbook }),
    }),
    ...over,
  };
}

const ramp = (approvals: readonly Approval[], over: Parameters<typeof contextOf>[1] = {}) =>
  requireApprovals(contextOf(approvals, over), registry());

test("two people's signed approvals of this evidence let a ramp begin, and are named", async () => {
  expect(await ramp([approved("ann"), approved("ben")])).toEqual({
    gateId: "approvals",
    status: "pass",
    reasons: ["signed by ann, ben"],
  });
});

test("without a registry nothing is verified, and the evidence says so", async () => {
  expect(await requireApprovals(contextOf([approved("ann")]), undefined)).toEqual({
    gateId: "approvals",
    status: "skipped",
    reasons: ["not verified here: lane-e has no key registry (BATON_PEOPLE)"],
  });
  await expect(requireApprovals(contextOf([]), undefined)).rejects.toMatchObject({
    code: "E_APPROVAL_MISSING",
  });
});

const forged = (by: string): Approval => {
  const approval = approved(by);
  const command = { ...Object(stored.get(approval.commandId)), signature: "A".repeat(86) };
  stored.set(approval.commandId, command);
  return approval;
};
const unstored = (by: string): Approval => {
  const approval = approved(by);
  stored.delete(approval.commandId);
  return approval;
};
const keyOf = (name: string): PublicKey => signerNamed(name).publicKey;

test.each<[string, () => readonly Approval[], string]>([
  ["whose signature is made up", () => [approved("ann"), forged("ben")], "doesn't fit"],
  ["that nobody sent", () => [approved("ann"), unstored("ben")], "isn't stored"],
  [
    "of a key that isn't registered",
    () => [approved("ann"), approved("stranger")],
    "nobody is registered with",
  ],
  [
    "signed with somebody else's key",
    () => {
      const own = approved("ann");
      store("ann", "in-bens-name", { type: "approve", why: "x", by: "ben", evidence: digestOf() });
      const commandId = "in-bens-name";
      return [own, { ...own, by: "ben", commandId, publicKey: keyOf("ann") }];
    },
    "ann's key",
  ],
  ["by its author", () => [approved("ann"), approved("author")], "author is its author"],
  ["by one person twice", () => [approved("ann"), approved("ann")], "1 are proven"],
  [
    "of other evidence",
    () => [approved("ann"), approved("ben", { evidence: "0".repeat(64) })],
    "ben signed evidence 000000000000",
  ],
  [
    "of no evidence",
    () => [approved("ann"), approved("ben", { evidence: undefined })],
    "ben signed no evidence",
  ],
  [
    "of another candidate",
    () => [approved("ann"), approved("ben", { candidateId: "cand-another" })],
    "of cand-another",
  ],
  [
    "for another mesh",
    () => [approved("ann"), approved("ben", { mesh: `mesh-${"2".repeat(32)}` })],
    "is meant for mesh-2222",
  ],
  [
    "that was a rejection",
    () => [approved("ann"), approved("ben", { type: "reject", evidence: undefined })],
    "is stored as reject",
  ],
])("an approval %s doesn't count", async (_, approvals, why) => {
  const refused = { code: "E_APPROVAL_UNPROVEN", class: "policy" };
  await expect(ramp(approvals())).rejects.toMatchObject({
    ...refused,
    message: expect.stringContaining(why),
  });
});

test("approvals of other bytes than those that came with the dispatch don't count", async () => {
  const inputs = { ...INPUTS, "research/candidate-spec.json": { ...SPEC, notional: 5e7 } };
  await expect(ramp([approved("ann"), approved("ben")], { inputs })).rejects.toMatchObject({
    code: "E_APPROVAL_UNPROVEN",
  });
});

test("a specification that its author didn't sign isn't ramped", async () => {
  const spec = { ...SPEC, promotion: { target: "live", notional: 5e7 } };
  await expect(ramp([approved("ann"), approved("ben")], { spec })).rejects.toMatchObject({
    code: "E_APPROVAL_UNPROVEN",
    message: expect.stringContaining("isn't the one that author submitted"),
  });
});

test("who isn't known as its author can't be left out, so nothing counts", async () => {
  const approvals = [approved("ann"), approved("ben")];
  const none = registry({ first: async () => undefined });
  await expect(requireApprovals(contextOf(approvals), none)).rejects.toMatchObject({
    code: "E_APPROVAL_UNPROVEN",
  });
});

test.each<[string, Json | undefined, string[], string | undefined]>([
  ["two with the role", { required: 2, roles: ["risk"] }, ["ann", "cai"], undefined],
  [
    "one without the role",
    { required: 2, roles: ["risk"] },
    ["ann", "ben"],
    "ben has the role ops",
  ],
  ["one of three", { required: 3 }, ["ann", "ben"], "takes 3 people's signed approvals .playbook"],
  ["fewer than the lane asks for", { required: 1 }, ["ann"], "takes 2 people's"],
  ["where the playbook asks for none", undefined, ["ann", "ben"], undefined],
  [
    "the author, whom the playbook lets",
    { required: 2, notAuthor: false },
    ["ann", "author"],
    "is its author",
  ],
])("the playbook's rule counts here too: %s", async (_, rule, by, why) => {
  const playbook = playbookOf(rule);
  const pinned = pinnedTo(playbook.digest);
  const asked = requireApprovals(
    contextOf(
      by.map((name) => approved(name)),
      { playbook },
    ),
    pinned,
  );
  const end = await asked.then(
    ({ status }) => status,
    ({ code, message }) => `${code}: ${message}`,
  );
  const refused = expect.stringMatching(new RegExp(`^E_APPROVAL_UNPROVEN: .*${why}`));
  expect(end).toEqual(why === undefined ? "pass" : refused);
});

test("a playbook that isn't the one that the candidate was pinned to says nothing", async () => {
  const other = pinnedTo(playbookOf({ required: 1 }).digest);
  await expect(
    requireApprovals(contextOf([approved("ann"), approved("ben")]), other),
  ).rejects.toMatchObject({ code: "E_ARTIFACT_MISSING", class: "transient" });
});

test.each([
  ["within it", 3600, 0, "pass"],
  ["past it by less than clocks may differ", 3600, 600_000, "pass"],
  ["past it", 3600, 600_001, "ann signed it at .*: it had expired when live-ramp was entered"],
  ["past a day, where the playbook says nothing", undefined, 86_400_000, "it had expired"],
])(
  "an approval counts for its time until the stage was entered: %s",
  async (_, expiresSeconds, laterMs, end) => {
    const playbook = playbookOf({ required: 2, ...(expiresSeconds && { expiresSeconds }) });
    const entered = async () => ENTERED_MS + laterMs;
    const asked = requireApprovals(
      contextOf([approved("ann"), approved("ben")], { playbook }),
      registry({ entered }, playbook.digest),
    );
    const found = await asked.then(
      ({ status }) => status,
      ({ message }: Error) => message,
    );
    expect(found).toMatch(new RegExp(end));
  },
);
