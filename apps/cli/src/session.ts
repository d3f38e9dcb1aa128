/** A command's connection: opened for the one thing it does, closed when that's done. */
import { MAX_TEXT } from "@baton/contracts";
import { type ConnectionOptions, openConnection } from "@baton/mesh";
import {
  jetstream,
  type JetStreamClient,
  jetstreamManager,
  type JetStreamManager,
} from "@nats-io/jetstream";

import { CliError, EXIT } from "./cli-error.ts";
import type { Globals } from "./globals.ts";
import { readSeedFile } from "./read-seed-file.ts";
import { findServer, type ServerAddress } from "./server-address.ts";

type NatsConnection = Awaited<ReturnType<typeof openConnection>>;

const CONNECT_MS = 5000;

/** What a command works with. */
export interface Session extends AsyncDisposable {
  readonly address: ServerAddress;
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
}

/** Connects; fails at once with E_UNAVAILABLE if nothing answers. */
export async function openSession(globals: Pick<Globals, "server">): Promise<Session> {
  const address = findServer(globals.server, process.env, process.cwd());
  const seed = readSeedFile(process.env);
  const nc = await connectInTime({
    url: address.url,
    name: "baton-cli",
    waitForServer: false,
    ...(seed !== undefined && { seed }),
  }).catch((error: unknown) => {
    throw describeUnreachable(address, error);
  });
  const js = jetstream(nc);
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  return {
    address,
    nc,
    js,
    jsm,
    [Symbol.asyncDispose]: async () => nc.close(),
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
  if (/authori[sz]ation|authentication/i.test(message)) return error;
  const hangs = source === ".baton/up.json";
  return new CliError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `cannot reach ${url} (from ${source}): ${reasonOf(message)}`,
    action: hangs
      ? "`baton up` runs, but its server doesn't answer: look at its output, or start it again."
      : "`baton up` starts a local mesh; otherwise check --server or BATON_NATS_URL.",
    cause: error,
  });
}

function reasonOf(message: string): string {
  if (/ECONNREFUSED|connection refused/i.test(message)) return "connection refused";
  if (/ENOTFOUND|EAI_AGAIN/i.test(message)) return "the host's name isn't known";
  if (/timeout/i.test(message)) return "no answer in time";
  return message.replace(/^cannot reach [^:]*:\/\/[^ ]*: /, "").slice(0, MAX_TEXT);
}
