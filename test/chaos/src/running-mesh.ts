/** The whole mesh as a user starts it, `baton up`, in a folder of its own, with what a test needs to disturb and judge it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { commandSubject, type Entry, signedText, type WholeEntry } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import { candidateIdOf } from "@baton/playbook";
import { eventually, temporaryFolder } from "@baton/testkit";
import { fromSeed } from "@nats-io/nkeys";
import { parse } from "yaml";
import { z } from "zod";

const root = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

const State = z.object({
  natsUrl: z.string(),
  addresses: z.record(z.string(), z.string()),
  pids: z.record(z.string(), z.number()),
});

/** A running mesh. */
export interface RunningMesh extends AsyncDisposable {
  readonly mesh: Mesh;
  /** Its folder. */
  readonly data: string;
  /** Where a service answers; empty if it doesn't. */
  addressOf(service: string): string;
  readonly services: readonly string[];
  /** Ends one service by SIGKILL; its supervisor starts it again. */
  kill(service: string): void;
  /** Submits the trend candidate with another seed; returns its id. */
  submit(seed: number): Promise<string>;
  /** Waits until a candidate's last entry is closed or asks a person. */
  settled(candidateId: string, withinMs: number): Promise<WholeEntry>;
  last(candidateId: string): Promise<Entry | undefined>;
  /** Findings of the invariants' check from outside; empty if all hold. */
  violations(): Promise<string[]>;
}

/** A killed lane's work comes back after this long; 30 s in production. */
const ACK_WAIT_MS = 4000;

/** Starts `baton up`, with `args` and `env` of the test's, and waits until every service is ready. */
export async function startRunningMesh(
  more: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
): Promise<RunningMesh> {
  const folder = temporaryFolder("chaos");
  const data = join(folder.path, "data");
  const own = ["apps/cli/src/main.ts", "up", "--json", "--port", "0", "--data", data];
  const args = [...own, ...(more.args ?? [])];
  const env = { ...process.env, BATON_ACK_WAIT_MS: String(ACK_WAIT_MS), ...more.env };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["pipe", "pipe", "pipe"] });
  const output: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  const state = (): z.infer<typeof State> =>
    State.parse(JSON.parse(readFileSync(join(data, "up.json"), "utf8")));
  const ended = new Promise<never>((_, reject) => {
    child.once("exit", (code) =>
      reject(new Error(`baton up ended with ${code}:\n${output.join("")}`)),
    );
  });
  ended.catch(() => undefined);
  const up = eventually(() => output.join("").includes('"event":"up"'), {
    what: "baton up",
    withinMs: 60_000,
  });
  await Promise.race([up, ended]);
  const seed = readFileSync(join(data, "keys/cli.seed"), "utf8").trim();
  const mesh = await openMesh({ url: state().natsUrl, name: "chaos", seed });
  const person = readPerson(join(data, "people/reviewer.key"));
  const last = async (candidateId: string): Promise<Entry | undefined> =>
    (await mesh.journal.last(candidateId))?.entry;
  return {
    mesh,
    data,
    addressOf: (service) => state().addresses[service] ?? "",
    services: Object.keys(state().pids),
    kill: (service) => {
      const pid = state().pids[service];
      if (pid !== undefined) killIfAlive(pid);
    },
    submit: (number) => submitTrend(mesh, person, number),
    last,
    settled: (candidateId, withinMs) =>
      eventually(
        async () => {
          const entry = await last(candidateId);
          const rests = entry?.holder === "closed" || entry?.holder === "review";
          return rests ? mesh.journal.whole(entry) : undefined;
        },
        { what: `${candidateId} settled`, withinMs },
      ),
    violations: () => checkFromOutside(folder.path, data, state().natsUrl),
    [Symbol.asyncDispose]: async () => {
      await mesh[Symbol.asyncDispose]();
      await stop(child);
      folder.remove();
    },
  };
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It's just being started again: the next kill hits it.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  await gone;
}

const trend: unknown = parse(readFileSync(join(root, "examples/candidates/trend.yaml"), "utf8"));

/** Someone whose key the mesh knows. */
interface Person {
  readonly name: string;
  readonly key: ReturnType<typeof fromSeed>;
}

/** A key that `baton up` made: the seed, then the name. */
function readPerson(file: string): Person {
  const [seed = "", name = ""] = readFileSync(file, "utf8").trimEnd().split("\n");
  return { name: name.replace("name: ", ""), key: fromSeed(new TextEncoder().encode(seed)) };
}

async function submitTrend(mesh: Mesh, { name, key }: Person, seed: number): Promise<string> {
  const spec = {
    ...z.looseObject({}).parse(trend),
    seed,
    promotion: { target: "paper", notional: 10_000 },
  };
  const candidateId = candidateIdOf(spec);
  const id = `submit-${candidateId}`;
  const unsigned = {
    v: 1,
    mesh: mesh.name,
    type: "submit",
    id,
    candidateId,
    time: new Date().toISOString(),
    by: name,
    publicKey: key.getPublicKey(),
    spec,
  } as const;
  const bytes = key.sign(new TextEncoder().encode(signedText(unsigned)));
  const command = { ...unsigned, signature: Buffer.from(bytes).toString("base64url") };
  const subject = commandSubject({ candidateId, commandId: id });
  await eventually(
    () =>
      mesh.publisher.publish({ subject, payload: JSON.stringify(command), headers: {} }).then(
        () => true,
        // It was stored, and its acknowledgement lost.
        (error: unknown) =>
          error instanceof Error && /maximum messages per subject/.test(error.message),
      ),
    { what: "submission stored", withinMs: 10_000 },
  );
  return candidateId;
}

const Findings = z.object({
  ok: z.boolean(),
  invariants: z.array(z.looseObject({ id: z.string(), ok: z.boolean() })),
});

/** The gates' artifacts, the stages that change what runs, and where incidents lead, as playbooks/baton.yaml has them. */
function stagesOf() {
  const { stages } = z
    .looseObject({
      stages: z.array(
        z.looseObject({
          stage: z.string(),
          gate: z.string().optional(),
          mutableAction: z.boolean().optional(),
          incident: z.string().optional(),
        }),
      ),
    })
    .parse(parse(readFileSync(join(root, "playbooks/baton.yaml"), "utf8")));
  return {
    gates: Object.fromEntries(
      stages.flatMap(({ stage, gate }) => (gate === undefined ? [] : [[stage, gate]])),
    ),
    promoting: stages.flatMap(({ stage, mutableAction, incident }) =>
      mutableAction === true && incident !== undefined ? [stage] : [],
    ),
    recovery: stages.find(({ incident }) => incident !== undefined)?.incident ?? null,
  };
}

async function checkFromOutside(folder: string, data: string, natsUrl: string): Promise<string[]> {
  const input = join(folder, "invariants.json");
  const remotes = [join(data, "gitops.git"), join(data, "strategies.git")];
  const brokerLog = join(data, "broker/ledger.jsonl");
  writeFileSync(
    input,
    JSON.stringify({
      natsUrl,
      natsSeedFile: join(data, "keys/cli.seed"),
      remotes,
      brokerLog,
      ...stagesOf(),
      receipts: [],
      settled: true,
    }),
  );
  const checker = join(root, "libs/invariants/src/main.ts");
  const { stdout } = await run(process.execPath, [checker, input], { maxBuffer: 2 ** 26 }).catch(
    (error: { stdout?: string; message: string }) => {
      if (error.stdout === undefined || error.stdout === "") throw error;
      return { stdout: error.stdout };
    },
  );
  const found = Findings.parse(JSON.parse(stdout));
  return found.invariants.filter((one) => !one.ok).map((one) => JSON.stringify(one).slice(0, 2000));
}
