/** What happens to a connection, for all who use it: one listener each, for as long as the connection lives. */
import { errors, type NatsConnection, type Status } from "nats";

/** Something that the server didn't let a process do. */
export interface Denial {
  readonly operation: "publish" | "subscription";
  readonly subject: string;
}

/** The state of a connection. */
export interface ConnectionWatch {
  readonly connected: boolean;
  /** How often it was lost so far: answers to what was asked before won't come. */
  readonly losses: number;
  /** How often the server refused something, and what it refused last. */
  readonly denials: number;
  readonly lastDenial: (Denial & { readonly atMs: number }) | undefined;
  /** Told about each refusal. */
  onDenial: ((denial: Denial) => void) | undefined;
}

const watches = new WeakMap<NatsConnection, ConnectionWatch>();

/** The watch of a connection; the same one for everybody who asks. */
export function watchConnection(nc: NatsConnection): ConnectionWatch {
  const known = watches.get(nc);
  if (known) return known;
  const watch = {
    connected: true,
    losses: 0,
    denials: 0,
    lastDenial: undefined as ConnectionWatch["lastDenial"],
    onDenial: undefined as ConnectionWatch["onDenial"],
  };
  const take = (status: Status): void => {
    if (status.type === "disconnect") {
      watch.connected = false;
      watch.losses += 1;
    }
    if (status.type === "reconnect") watch.connected = true;
    if (status.type !== "error" || !(status.error instanceof errors.PermissionViolationError))
      return;
    const { operation, subject } = status.error;
    watch.denials += 1;
    watch.lastDenial = { operation, subject, atMs: Date.now() };
    watch.onDenial?.({ operation, subject });
  };
  void (async () => {
    for await (const status of nc.status()) take(status);
  })();
  watches.set(nc, watch);
  return watch;
}
