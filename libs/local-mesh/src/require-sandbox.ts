/** The sandbox that a mesh on this machine needs, before anything of it is started. */
import { Failed } from "@baton/contracts";
import { prepareSandbox } from "@baton/sandbox/prepare-sandbox";

import { type MeshChoices, plannedOf } from "./mesh-plan.ts";

/** Lanes that run what isn't Baton's own code. */
const USERS: readonly string[] = ["lane-b", "lane-c"];

/** Throws what says what to install, or how to do without; says so where it was switched off. */
export async function requireSandbox(
  choices: MeshChoices,
  { signal, log }: { readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<void> {
  if (!plannedOf(choices).some(({ name }) => USERS.includes(name))) return;
  if (choices.sandbox === "off") {
    log("the sandbox is off: strategies and their tests run unprotected, as your user");
    return;
  }
  const trouble = await prepareSandbox({ signal, log });
  if (trouble === undefined) return;
  const action = trouble.action.replace("set BATON_SANDBOX=off", "add `--sandbox off`");
  throw new Failed({ ...trouble, action });
}
