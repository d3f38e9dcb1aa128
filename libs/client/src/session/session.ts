/** A front end's connection to a mesh: opened for what it does, closed when that's done. */
import { MAX_TEXT } from "@baton/contracts";
import {
  type Artifacts,
  type ConnectionOptions,
  Denied,
  openArtifacts,
  openConnection,
  openJetStream,
  openPublisher,
} from "@baton/mesh";
import { UserError, EXIT } from "@baton/text/user-error";
import type { JetStreamManager } from "@nats-io/jetstream";

import { readSeed, seedFor } from "./read-seed-file.ts";
import { findServer, type ServerAddress, type MeshNamed } from "./server-address.ts";
import { type TrustedMesh, trustedMeshes } from "./trusted-meshes.ts";
import { warnOfLoss } from "./warn-of-loss.ts";

type NatsConnection = Awaited<ReturnType<typeof openConnection>>;

const CONNECT_MS = 5000;

/** What a front end works with. */
export interface Session extends AsyncDisposable {
  readonly address: ServerAddress;
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly artifacts: Artifacts;
  /** Says something beside what was asked for: what was left out, what may be missing. */
  tell(this: void, line: string): void;
  /** The meshes that commands may go to. Throws `UserError` for a file that can't be used. */
  trusts(this: void): readonly TrustedMesh[];
}

/** Connects; fails at once with E_UNAVAILABLE if nothing answers, with E_DENIED if the server doesn't let us in. */
export async function openSession(
  on: MeshNamed & {
    readonly seedFile?: string;
    /** The mesh, where it is known from elsewhere. */
    readonly mesh?: TrustedMesh;
  },
  tell: Session["tell"],
): Promise<Session> {
  const address = findServer(on, process.env);
  const seed = on.seedFile === undefined ? seedFor(address, process.env) : readSeed(on.seedFile);
  const nc = await connectInTime({
    url: address.url,
    name: "baton-cli",
    waitForServer: false,
    seed,
  }).catch((error: unknown) => {
    throw describeUnreachable(address, error);
  });
  const { jsm } = await openJetStream(nc, { seed });
  await warnOfLoss(jsm, tell);
  const publisher = openPublisher(nc);
  return {
    address,
    nc,
    jsm,
    tell,
    artifacts: openArtifacts({ jsm, publisher, writer: "cli" }),
    trusts: () => (on.mesh ? [on.mesh] : trustedMeshes(process.env, address)),
    [Symbol.asyncDispose]: async () => {
      publisher.close();
      await nc.close();
    },
  };
}

/** The client itself goes on trying with a server that takes the connection and says nothing. */
async function connectInTime(options: ConnectionOptions): Promise<NatsConnection> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("timeout")), CONNECT_MS);
  });
  try {
    return await Promise.race([openConnection(options), late]);
  } finally {
    clearTimeout(timer);
  }
}

function describeUnreachable({ url, source }: ServerAddress, error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Denied) return notLetIn(url, error);
  const hangs = source === ".baton/up.json" || source === "--data";
  return new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `cannot reach ${url} (from ${source}): ${reasonOf(message)}`,
    action: hangs
      ? "`baton up` runs, but its server doesn't answer: look at its output, or start it again."
      : "`baton up` starts a local mesh; otherwise check --server or BATON_NATS_URL.",
    cause: error,
  });
}

function notLetIn(url: string, cause: Denied): UserError {
  return new UserError({
    code: "E_DENIED",
    exit: EXIT.notAuthorised,
    message: `${url} doesn't let us in: its keys don't include ours, or none was sent`,
    rule: "the command line signs in with the mesh's key for the kind `cli`",
    action:
      "Set BATON_NATS_SEED_FILE to the file with that nkey seed (of a `baton up`: keys/cli.seed in its data folder), or ask whoever runs the server for it.",
    cause,
  });
}

function reasonOf(message: string): string {
  if (/ECONNREFUSED|connection refused/i.test(message)) return "connection refused";
  if (/ENOTFOUND|EAI_AGAIN/i.test(message)) return "the host's name isn't known";
  if (/timeout/i.test(message)) return "no answer in time";
  return message.replace(/^cannot reach [^:]*:\/\/[^ ]*: /, "").slice(0, MAX_TEXT);
}
