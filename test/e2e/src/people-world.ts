/** A loop world whose coordinator knows people by their keys, and commands signed by them or by others. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { commandSubject, Receipt, REPLY_HEADER, signedText } from "@baton/contracts";
import { candidateIdOf } from "@baton/playbook";
import { temporaryFolder, type TestNats } from "@baton/testkit";
import { createUser } from "@nats-io/nkeys";

import { type LoopWorld, openLoopWorld, PLAYBOOK } from "./loop-world.ts";

type KeyPair = ReturnType<typeof createUser>;
export type Json = Record<string, unknown>;

/** Whose key it is by name in `REGISTERED`; `stranger` is in no registry. */
export const KEYS = {
  author: createUser(),
  ann: createUser(),
  annsOther: createUser(),
  ben: createUser(),
  olga: createUser(),
  stranger: createUser(),
} as const;
export type KeyName = keyof typeof KEYS;

const NAMES: Partial<Record<KeyName, string>> = { annsOther: "ann" };
const ROLES: Partial<Record<KeyName, string[]>> = {
  author: ["risk"],
  ann: ["risk"],
  annsOther: ["risk"],
  ben: ["risk"],
  olga: ["ops"],
};

/** The name a key is registered under. */
function nameOf(key: KeyName): string {
  return NAMES[key] ?? key;
}

/** A loop world with a key registry: risk approves, ops pauses and resumes. */
export interface PeopleWorld extends AsyncDisposable {
  readonly loop: LoopWorld;
  /** Signs with `key` in its owner's name, unless `command` says other things, and waits for the receipt. */
  send(key: KeyName, command: Json): Promise<Receipt["outcome"]>;
  /** Stores bytes as a command and waits for the receipt. */
  sendRaw(command: Json): Promise<Receipt["outcome"]>;
  /** Submits by `author` and returns the candidate's id. */
  submit(spec: Json): Promise<string>;
}

let count = 0;

/** A command as `key`'s owner would send it now. */
export function signedCommand(key: KeyName, command: Json): Json {
  count += 1;
  const plain = {
    v: 1,
    id: `command-${process.pid}-${count}`,
    time: new Date().toISOString(),
    by: nameOf(key),
    why: "because",
    ...command,
  };
  return sign(KEYS[key], plain);
}

function sign(pair: KeyPair, command: Json): Json {
  const { why, ...rest } = command;
  const unsigned = {
    ...rest,
    ...(command["type"] !== "submit" && { why }),
    publicKey: pair.getPublicKey(),
  };
  const signature = pair.sign(new TextEncoder().encode(signedText(unsigned)));
  return { ...unsigned, signature: Buffer.from(signature).toString("base64url") };
}

/** Opens it. `env`: more variables of the coordinator. */
export async function openPeopleWorld(
  nats: TestNats,
  env: Record<string, string> = {},
): Promise<PeopleWorld> {
  const folder = temporaryFolder("people");
  const registry = join(folder.path, "people.yaml");
  const playbook = join(folder.path, "playbook.yaml");
  writeFileSync(registry, JSON.stringify(registered()));
  writeFileSync(playbook, JSON.stringify(strictPlaybook()));
  const loop = await openLoopWorld(nats, {
    BATON_PEOPLE: registry,
    BATON_PLAYBOOK: playbook,
    ...env,
  });
  const sendRaw = (command: Json) => store(loop, command);
  return {
    loop,
    sendRaw,
    send: (key, command) => sendRaw(signedCommand(key, { mesh: loop.mesh.name, ...command })),
    submit: async (given) => {
      const spec = { needs: "nothing", ...given };
      const candidateId = candidateIdOf(spec);
      const submit = { mesh: loop.mesh.name, type: "submit", candidateId, spec };
      const outcome = await sendRaw(signedCommand("author", submit));
      if (outcome.kind === "refused") throw new Error(outcome.message);
      return candidateId;
    },
    [Symbol.asyncDispose]: async () => {
      await loop[Symbol.asyncDispose]();
      folder.remove();
    },
  };
}

function registered(): Json[] {
  return Object.entries(KEYS)
    .filter(([key]) => key !== "stranger")
    .map(([key, pair]) => ({
      name: Object.entries(NAMES).find(([one]) => one === key)?.[1] ?? key,
      publicKey: pair.getPublicKey(),
      roles: Object.entries(ROLES).find(([one]) => one === key)?.[1] ?? [],
    }));
}

/** `ship` takes two approvals; `check` too where the specification says `haste`, and those hardly outlive a second. */
const APPROVALS = new Map<string, object>([
  ["ship", { required: 2, roles: ["risk"], when: { path: "needs", in: ["approval"] } }],
  ["check", { required: 2, expiresSeconds: 1, when: { path: "needs", in: ["haste"] } }],
]);

/** The playbook of the loop world with these approvals, and roles for answers. */
export function strictPlaybook(): Json {
  const stages = PLAYBOOK.stages.map((stage) => {
    const approvals = APPROVALS.get(stage.stage);
    return approvals ? { ...stage, approvals } : stage;
  });
  return { ...PLAYBOOK, stages, answers: { pause: ["ops"], resume: ["ops"] } };
}

async function store({ mesh }: LoopWorld, command: Json): Promise<Receipt["outcome"]> {
  count += 1;
  const inbox = `_INBOX.people.${count}`;
  const subscription = mesh.nc.subscribe(inbox, { max: 1, timeout: 10_000 });
  await mesh.publisher.publish({
    subject: commandSubject({
      candidateId: String(command["candidateId"]),
      commandId: String(command["id"]),
    }),
    payload: JSON.stringify(command),
    headers: { [REPLY_HEADER]: inbox },
  });
  for await (const message of subscription) return Receipt.parse(message.json()).outcome;
  throw new Error("no receipt");
}
