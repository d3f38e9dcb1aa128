import { cut, type Failure } from "@baton/contracts";

/** Why nothing can be run in a sandbox on this machine; it says nothing about what was to be run. */
export function unavailable(why: string, action = REPAIR): Failure {
  return {
    class: "transient",
    code: "E_SANDBOX_UNAVAILABLE",
    message: cut(`there is no sandbox: ${why}`),
    action,
  };
}

const REPAIR =
  "Let this user make namespaces (docs/sandbox.md), or set BATON_SANDBOX=off to run what isn't Baton's own code unprotected.";

/** What to do where the program itself is missing. */
export const INSTALL =
  "Install bubblewrap (`sudo apt-get install bubblewrap`), or set BATON_SANDBOX=off to run what isn't Baton's own code unprotected.";
