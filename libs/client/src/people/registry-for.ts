/** The key registry that signatures are held against. */
import { resolve } from "node:path";

import { type People, PeopleFault, readPeople } from "@baton/people";
import { UserError, EXIT } from "@baton/text/user-error";

import type { ServerAddress } from "../session/server-address.ts";

/**
 * The file that is meant: `option`, else that of the mesh that is named by its data folder, else BATON_PEOPLE, else that of this
 * user's own `baton up`; undefined if there is none.
 */
function registryFile(
  option: string | undefined,
  { up, source }: Pick<ServerAddress, "up" | "source">,
): string | undefined {
  if (option === undefined && source === "--data") return up?.people;
  const named = option ?? process.env["BATON_PEOPLE"] ?? "";
  return named === "" ? up?.people : resolve(named);
}

/** The registry in it; undefined if none is meant. Throws `UserError`. */
export async function registryFor(
  option: string | undefined,
  address: Pick<ServerAddress, "up" | "source">,
): Promise<People | undefined> {
  const file = registryFile(option, address);
  return file === undefined ? undefined : registryIn(file);
}

/** The registry in a file. Throws `UserError`. */
export async function registryIn(file: string): Promise<People> {
  try {
    return await readPeople(file);
  } catch (cause) {
    if (!(cause instanceof PeopleFault)) throw cause;
    const { message, action } = cause;
    throw new UserError({ code: "E_INVALID", exit: EXIT.invalid, message, action, cause });
  }
}
