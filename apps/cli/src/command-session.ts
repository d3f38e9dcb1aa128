/** A command's session: what is to be said beside its result goes to standard error. */
import { openSession, type Session } from "@baton/client";
import { note } from "@baton/terminal";

/** Connects; fails at once with E_UNAVAILABLE if nothing answers, with E_DENIED if the server doesn't let us in. */
export function openCommandSession(on: Parameters<typeof openSession>[0]): Promise<Session> {
  return openSession(on, note);
}
