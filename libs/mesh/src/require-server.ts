/** A server that is too old is refused by whoever makes streams, before anything is made on it: half a mesh would be left. */
import { checkServerVersion, NATS_SERVER_FLOOR } from "./server-version.ts";

/** The server can't carry a mesh. */
class ServerTooOld extends Error {
  override readonly name = "ServerTooOld";
  readonly code = "E_SERVER_VERSION";
  readonly class = "deterministic";
  readonly action = `Run nats-server ${NATS_SERVER_FLOOR} or newer (\`baton up\` fetches one), or name another one by BATON_NATS_URL. Nothing was made on this one.`;
}

/** Throws `ServerTooOld`; `version` is what the server says of itself. */
export function requireServerVersion(version: string | undefined): void {
  const checked = checkServerVersion(version ?? "");
  if (!checked.ok) throw new ServerTooOld(checked.reason);
}
