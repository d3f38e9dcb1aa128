/** A front end's connection to a mesh: opened for what it does, closed when that's done. */
import { setTimeout as delay } from "node:timers/promises";

import { MAX_TEXT } from "@baton/contracts";
import {
  ACCOUNT_CONNECTIONS,
  type Artifacts,
  type ConnectionOptions,
  Denied,
  openArtifacts,
  openConnection,
  openJetStream,
  openPublisher,
  Unavailable,
} from "@baton/mesh";
import { UserError, EXIT } from "@baton/text/user-error";
import type { JetStreamManager } from "@nats-io/jetstream";

import { readSeed, seedFor } from "./read-seed-file.ts";
import { findServer, type ServerAddress, type MeshNamed } from "./server-address.ts";
import { type TrustedMesh, trustedMeshes } from "./trusted-meshes.ts";
import { warnOfLoss } from "./warn-of-loss.ts";

type NatsConnection = Awaited<ReturnType<typeof openConnection>>;

const CONNECT_MS = 5000;
/** Between two attempts, on average; a server that is full has room as soon as it cuts off somebody who doesn't sign in. */
const AGAIN_MS = 200;
const REASON_MS = 1000;

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
  const nc = await connectPatiently({
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

/** Tries again where the server is there and has no room. */
async function connectPatiently(options: ConnectionOptions): Promise<NatsConnection> {
  const deadline = Date.now() + CONNECT_MS;
  for (;;) {
    try {
      return await connectInTime(options);
    } catch (error) {
      if (Date.now() >= deadline) throw await reasonNow(options, error);
      if (!isTurnedAway(error)) throw error;
      await delay(AGAIN_MS * (0.5 + Math.random()));
    }
  }
}

/** Why a server doesn't let us in that hasn't for all the time. */
async function reasonNow(options: ConnectionOptions, error: unknown): Promise<unknown> {
  try {
    await (await connectInTime({ ...options, once: true }, REASON_MS)).close();
    return error;
  } catch (reason) {
    return isTurnedAway(reason) ? reason : error;
  }
}

/** Whether a server answered and closed the connection, which it does with those that are too many. */
function isTurnedAway(error: unknown): boolean {
  return error instanceof Unavailable && error.why === "closed";
}

/** The client itself goes on trying with a server that takes the connection and says nothing. */
async function connectInTime(
  options: ConnectionOptions,
  withinMs = CONNECT_MS,
): Promise<NatsConnection> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Unavailable("timeout", { why: "silent" })), withinMs);
  });
  try {
    return await Promise.race([openConnection(options), late]);
  } finally {
    clearTimeout(timer);
  }
}

function describeUnreachable({ url, source }: ServerAddress, error: unknown): unknown {
  if (error instanceof Denied) return notLetIn(url, error);
  if (isTurnedAway(error)) return turnedAway(url, error);
  const hangs = source === ".baton/up.json" || source === "--data";
  return new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `cannot reach ${url} (from ${source}): ${reasonOf(error)}`,
    action: hangs
      ? "`baton up` runs, but its server doesn't answer: look at its output, or start it again."
      : "`baton up` starts a local mesh; otherwise check --server or BATON_NATS_URL.",
    cause: error,
  });
}

function turnedAway(url: string, cause: unknown): UserError {
  return new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `${url} answers, and has closed each connection for ${CONNECT_MS / 1000} s before we were let in`,
    rule: `a server does so that is full, or where our key has the ${ACCOUNT_CONNECTIONS} connections that it may have`,
    action:
      "Look for `connections exceeded` in nats-server's log: with `account`, end what uses our key, or change it; otherwise find who floods the port.",
    cause,
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

const REASONS = {
  refused: "connection refused",
  "no such host": "the host's name isn't known",
  silent: "no answer in time",
} as const;

function reasonOf(error: unknown): string {
  const why = error instanceof Unavailable ? error.why : undefined;
  if (why !== undefined && why !== "closed") return REASONS[why];
  // Its own message says where, which is said already.
  const said = error instanceof Unavailable ? (error.cause ?? error) : error;
  return (said instanceof Error ? said.message : String(said)).slice(0, MAX_TEXT);
}
