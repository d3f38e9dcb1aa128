/** In whose name a command is sent. */
import { userInfo } from "node:os";

import type { Identity } from "@baton/contracts";
import { UserError, EXIT } from "@baton/text/user-error";

import { findServer, type MeshNamed } from "../session/server-address.ts";
import { identityFrom } from "./arguments.ts";
import { keyFileOf, localKeyFile, readKeyFile, type SigningKey } from "./key-file.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A name, and the key that proves it. */
export interface Sender {
  readonly name: Identity;
  /** Undefined: commands are sent unsigned, as a coordinator without a key registry takes them. */
  readonly key: SigningKey | undefined;
}

/**
 * Who sends: `as` if given, else the name of the key, else the user of the operating system. On a mesh of `baton up` on this
 * machine the keys that it made serve those who have none, and those of other names. Throws `UserError`.
 */
export function senderFrom(
  as: string | undefined,
  mesh: MeshNamed,
  env: Environment = process.env,
): Sender {
  const { path, named } = keyFileOf(env);
  const own = readKeyFile(path);
  if (!own && named) {
    throw new UserError({
      code: "E_INVALID",
      exit: EXIT.invalid,
      message: "BATON_KEY_FILE names no file",
      value: path,
      action: "`baton login` makes a key there; or correct BATON_KEY_FILE.",
    });
  }
  return senderWith({ own, named }, as, mesh, env);
}

/** The key that this user's commands are signed with as long as `--as` isn't given; undefined if there is none. Throws `UserError`. */
export function keyInUse(mesh: MeshNamed, env: Environment = process.env): SigningKey | undefined {
  const { path, named } = keyFileOf(env);
  return senderWith({ own: readKeyFile(path), named }, undefined, mesh, env).key;
}

function senderWith(
  { own, named }: { readonly own: SigningKey | undefined; readonly named: boolean },
  as: string | undefined,
  mesh: MeshNamed,
  env: Environment,
): Sender {
  const name = identityFrom(as ?? own?.name ?? operatingSystemUser());
  const isOwn = own !== undefined && (as === undefined || as === own.name);
  if (named || isOwn) return { name, key: own };
  const { up } = findServer(mesh, env);
  return { name, key: (up && readKeyFile(localKeyFile(up.dataDir, name))) ?? own };
}

/** Name of the user of the operating system; `unknown` where it has none, as in some containers. */
export function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env["USER"] ?? "unknown";
  }
}
