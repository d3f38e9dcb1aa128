/**
 * The approvals of a live ramp, verified by the lane that moves the money: whoever holds the coordinator's key can write that
 * somebody approved, but can't sign in anybody's name.
 *
 * S1: each approval is a stored command, signed with a registered key in its owner's name, for this mesh, on the very evidence
 *     that came with the dispatch.
 * S2: so is the submission: its signer is the author, and its specification the one that came with the dispatch.
 * S3: people are counted here again, the author left out, by the rule of the playbook that the candidate was pinned to when it
 *     was submitted: how many, and with which of the roles that this lane's own registry gives them. How many it takes at least is
 *     this lane's own configuration.
 * S4: an approval that had expired when the candidate entered the stage doesn't count: by the time that was signed, and the time at
 *     which the server stored the stage run's first entry.
 */
import type { GateOutcome } from "@baton/artifacts";
import {
  type Approval,
  canonicalJson,
  cut,
  type Entry,
  isSamePerson,
  type MeshName,
  type Role,
  SIGNED_WITHIN_MS,
  type StageRun,
  type StoredEntry,
} from "@baton/contracts";
import { type StageContext, StageFailure } from "@baton/lanekit";
import type { Commands } from "@baton/mesh";
import { type People, signedCommand } from "@baton/people";
import { APPROVAL_SECONDS, evidenceDigest, parsePlaybook, rolesFor } from "@baton/playbook";

/** What signatures are held against. */
export interface ApprovalRegistry {
  people(this: void): People;
  /** Fewest different people, whatever the playbook says. */
  readonly required: number;
  readonly mesh: MeshName | undefined;
  readonly commands: Commands;
  /** A candidate's first entry, which names its submission. */
  first(candidateId: string): Promise<Pick<StoredEntry, "entry"> | undefined>;
  /** When a candidate entered a stage in a run, in milliseconds since 1970. */
  entered(of: StageRun): Promise<number | undefined>;
}

const GATE = "approvals";

/**
 * Refuses (policy) a ramp that isn't approved. Without a registry the dispatch's word is taken, and the outcome for the report
 * says that nobody's signature was verified.
 */
export async function requireApprovals(
  context: StageContext,
  registry: ApprovalRegistry | undefined,
): Promise<GateOutcome> {
  const { stage, runId } = context;
  const given = context.approvals.filter((one) => one.stage === stage && one.runId === runId);
  if (given.length === 0)
    throw refused(
      "E_APPROVAL_MISSING",
      `no approval for ${stage} of ${runId} came with the dispatch`,
    );
  if (!registry) {
    const reason = "not verified here: lane-e has no key registry (BATON_PEOPLE)";
    return { gateId: GATE, status: "skipped", reasons: [reason] };
  }
  const first = (await registry.first(context.candidateId))?.entry;
  const author = await authorOf(context, first, registry);
  const rule = await ruleOf(context, first, registry);
  const people: string[] = [];
  const faults: string[] = [];
  for (const approval of given) {
    const fault =
      (await faultOf(approval, context, { ...registry, rule })) ??
      roleFault(approval, rule, registry);
    if (fault !== undefined) faults.push(fault);
    else if (isSamePerson(approval.by, author)) faults.push(`${approval.by} is its author`);
    else if (!people.some((name) => isSamePerson(name, approval.by))) people.push(approval.by);
  }
  if (people.length >= rule.required)
    return { gateId: GATE, status: "pass", reasons: [cut(`signed by ${people.join(", ")}`, 300)] };
  const found = faults.length > 0 ? `: ${faults.join("; ")}` : "";
  throw refused(
    "E_APPROVAL_UNPROVEN",
    `${stage} takes ${rule.required} people's signed approvals (${rule.by}), ${people.length} are proven${found}`,
  );
}

/** What the candidate's playbook and this lane ask of approvals. */
interface Rule {
  readonly required: number;
  /** One of these is needed; none: everybody may. */
  readonly roles: readonly Role[];
  /** What was signed before had expired when it was used; milliseconds since 1970. */
  readonly signedFrom: number;
  /** Who asks for that many. */
  readonly by: string;
}

/** The rule that the candidate was pinned to with its submission; the lane asks for as many people as the stricter of both. */
async function ruleOf(
  context: Pick<StageContext, "candidateId" | "stage" | "runId" | "fetch">,
  first: Pick<Entry, "playbook"> | undefined,
  registry: ApprovalRegistry,
): Promise<Rule> {
  const { candidateId, stage, runId } = context;
  const digest = first?.playbook ?? "";
  const what = `playbook ${digest.slice(0, 12)}`;
  const parsed = parsePlaybook(JSON.parse(new TextDecoder().decode(await context.fetch(digest))));
  if (!parsed.ok) throw unproven(`${what} can't be read here: ${parsed.faults.join("; ")}`);
  const { playbook } = parsed;
  const asked = playbook.stages.get(stage)?.approvals;
  if (playbook.digest !== digest || asked === undefined)
    throw unproven(`${what} isn't one that has ${stage}`);
  const required = asked?.required ?? 1;
  const own = registry.required;
  const by = own >= required ? "BATON_LIVE_APPROVALS" : what;
  const roles = rolesFor(playbook, "approve", stage);
  const entered = await registry.entered({ candidateId, stage, runId });
  if (entered === undefined) throw unproven(`no entry shows when ${stage} of ${runId} was entered`);
  const countsMs = (asked?.expiresSeconds ?? APPROVAL_SECONDS) * 1000;
  // The coordinator counts from its own clock, which may be so far from the signer's.
  const signedFrom = entered - countsMs - SIGNED_WITHIN_MS;
  return { required: Math.max(own, required), roles, signedFrom, by };
}

function roleFault(
  { by, publicKey }: Approval,
  { roles }: Rule,
  { people }: ApprovalRegistry,
): string | undefined {
  if (roles.length === 0) return undefined;
  const has = publicKey === undefined ? [] : (people().get(publicKey)?.roles ?? []);
  if (has.some((role) => roles.includes(role))) return undefined;
  return `${by} has ${has.length > 0 ? `the role ${has.join(", ")}` : "no role"}, it takes ${roles.join(" or ")}`;
}

/** Who signed the submission. */
async function authorOf(
  context: StageContext,
  first: Pick<Entry, "cause"> | undefined,
  registry: ApprovalRegistry,
): Promise<string> {
  const { candidateId, spec } = context;
  const cause = first?.cause;
  if (cause?.kind !== "command")
    throw unproven(`nobody's submission of ${candidateId} is recorded`);
  const command = await commandOf({ ...cause, candidateId }, registry);
  if (typeof command === "string") throw unproven(command);
  if (command.type !== "submit") throw unproven(`${candidateId} begins with ${command.type}`);
  if (canonicalJson(command.spec) !== canonicalJson(spec))
    throw unproven(
      `the specification that came with the dispatch isn't the one that ${command.by} submitted`,
    );
  return command.by;
}

async function faultOf(
  { by, commandId, publicKey, evidence }: Approval,
  { candidateId, stage, inputs }: StageContext,
  registry: ApprovalRegistry & { readonly rule: Rule },
): Promise<string | undefined> {
  const signature = publicKey === undefined ? {} : { publicKey };
  const command = await commandOf(
    { commandId, candidateId, type: "approve", by, signature },
    registry,
  );
  if (typeof command === "string") return command;
  if (Date.parse(command.time) < registry.rule.signedFrom)
    return `${by} signed it at ${command.time}: it had expired when ${stage} was entered`;
  const seen = command.type === "approve" ? command.evidence : undefined;
  const digest = evidenceDigest(inputs);
  // What an attempt that was stopped made itself came after the approval.
  const before = evidenceDigest(inputs.filter((input) => input.stage !== stage));
  if (seen === evidence && (seen === digest || seen === before)) return undefined;
  return `${by} signed ${seen === undefined ? "no evidence" : `evidence ${seen.slice(0, 12)}`}, the dispatch's is ${digest.slice(0, 12)}`;
}

async function commandOf(
  said: Parameters<typeof signedCommand>[1],
  { people, mesh, commands }: ApprovalRegistry,
) {
  const stored = await commands.find(said).catch((cause: unknown) => {
    throw new StageFailure(
      {
        class: "transient",
        code: "E_UNAVAILABLE",
        message: "the signed approvals can't be read",
        action: "Nothing was changed. Check that nats-server runs (`baton doctor`).",
      },
      { cause },
    );
  });
  return signedCommand(stored?.value, said, { people: people(), mesh });
}

function unproven(what: string): StageFailure {
  return refused("E_APPROVAL_UNPROVEN", what);
}

function refused(code: string, message: string): StageFailure {
  return new StageFailure({
    class: "policy",
    code,
    message: cut(message),
    action:
      "Nothing was changed. `baton guard replay` shows what people signed; `baton resume ID --why …` asks for the approval anew, then `baton approve ID --why …`.",
  });
}
