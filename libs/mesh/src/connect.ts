import { type Authenticator, connect, errors, type NatsConnection, nkeyAuthenticator } from "nats";

import { watchConnection } from "./connection-watch.ts";
import { guardHeaders } from "./header-block.ts";

/** How a process reaches its server. */
export interface ConnectionOptions {
  /** One or more addresses, comma separated. If one of them begins with `tls://`, none is spoken to in plain text. */
  readonly url: string;
  /** Shown in the server's connection list. */
  readonly name: string;
  /** Seed of the process's nkey; without it the connection is anonymous. */
  readonly seed?: string | undefined;
  /** False: fail at once if no server answers (a CLI); true: wait for one (a service). */
  readonly waitForServer: boolean;
  /** True: tries once, and doesn't come back when it's lost. Otherwise the client goes on trying with a server that closes it. */
  readonly once?: boolean;
}

/**
 * What came of an attempt to connect: nobody listens, no such host, a server that closed the connection as it does with those that are
 * too many, no answer in time.
 */
type WhyUnavailable = "refused" | "no such host" | "closed" | "silent";

/** Error of a call that found no server, or lost it before the answer. Its outcome is unknown. */
export class Unavailable extends Error {
  /** Undefined where it is something else, or isn't known. */
  readonly why: WhyUnavailable | undefined;

  constructor(
    message: string,
    options: ErrorOptions & { readonly why?: WhyUnavailable | undefined } = {},
  ) {
    super(message, options);
    this.why = options.why;
  }

  override readonly name = "Unavailable";
  readonly code = "E_UNAVAILABLE";
  /** It may pass by itself. */
  readonly class = "transient";
  readonly action = "Check that nats-server runs and can be reached; `baton doctor` says more.";
}

/** The server doesn't let this process in. */
export class Denied extends Error {
  override readonly name = "Denied";
  readonly code = "E_DENIED";
  readonly class = "policy";
  readonly action =
    "Set BATON_NATS_SEED_FILE to the file with the nkey seed of this kind of process; after a change of keys, to the new one.";
}

/**
 * Connects with the settings that matter: reconnect for ever, notice a hung peer in 20 s instead of minutes, no stack trace
 * built for every request. Throws `Unavailable` when no server answers and `waitForServer` is false, `Denied`
 * when one doesn't let this process in.
 */
export async function openConnection(options: ConnectionOptions): Promise<NatsConnection> {
  const authenticator: { authenticator?: Authenticator } =
    options.seed === undefined
      ? {}
      : { authenticator: nkeyAuthenticator(new TextEncoder().encode(options.seed)) };
  guardHeaders();
  const servers = options.url.split(",").map((server) => server.trim());
  try {
    const nc = await connect({
      servers,
      // The client takes the scheme for a remark: without this it goes on in plain text where a server has no TLS.
      ...(servers.some((server) => server.startsWith("tls://")) && { tls: {} }),
      name: options.name,
      reconnect: options.once !== true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 100,
      waitOnFirstConnect: options.waitForServer,
      pingInterval: 10_000,
      maxPingOut: 2,
      timeout: 5000,
      noAsyncTraces: true,
      ...authenticator,
    });
    // From the first moment on, so that nothing that is refused goes unseen.
    watchConnection(nc);
    return nc;
  } catch (error) {
    throw explainRefusal(error, options);
  }
}

/** Why there's no connection: `Denied` or `Unavailable`. */
export function explainRefusal(
  cause: unknown,
  { url, name }: Pick<ConnectionOptions, "url" | "name">,
): Denied | Unavailable {
  const why = cause instanceof Error ? cause.message : String(cause);
  // Who is too slow to sign in, as on a machine that is flooded, isn't refused; only the server's words tell it.
  const isRefused = cause instanceof errors.AuthorizationError && !/timeout/i.test(why);
  return isRefused
    ? new Denied(`${url} doesn't let ${name} in: ${why}`, { cause })
    : new Unavailable(`cannot reach ${url}: ${why}`, { cause, why: whyOf(cause) });
}

const WHY: Readonly<Record<string, WhyUnavailable>> = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "no such host",
  ECONNRESET: "closed",
  EPIPE: "closed",
  ETIMEDOUT: "silent",
};
/** The server gives reasons for closing a connection as words alone. */
const CLOSED = /connections exceeded|authentication timeout/i;

function whyOf(cause: unknown): WhyUnavailable | undefined {
  if (cause instanceof errors.TimeoutError) return "silent";
  for (let error = cause; error instanceof Error; error = error.cause) {
    const why = "code" in error ? WHY[String(error.code)] : undefined;
    if (why !== undefined) return why;
    if (CLOSED.test(error.message)) return "closed";
  }
  return undefined;
}
