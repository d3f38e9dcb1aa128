/** In whose name a command is sent. */
import { userInfo } from "node:os";

import type { Identity } from "@baton/contracts";

import { identityFrom } from "./arguments.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { keyFileOf, readKeyFile, type SigningKey } from "./key-file.ts";

/** A name, and the key that proves it. */
export interface Sender {
  readonly name: Identity;
  /** Undefined: commands are sent unsigned, as a coordinator without a key registry takes them. */
  readonly key: SigningKey | undefined;
}

/** Who sends: `as` if given, else the name of the key, else the user of the operating system. Throws `CliError`. */
export function senderFrom(
  as: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Sender {
  const { path, named } = keyFileOf(env);
  const key = readKeyFile(path);
  if (!key && named) {
    throw new CliError({
      code: "E_INVALID",
      exit: EXIT.invalid,
      message: "BATON_KEY_FILE names no file",
      value: path,
      action: "`baton login` makes a key there; or correct BATON_KEY_FILE.",
    });
  }
  return { name: identityFrom(as ?? key?.name ?? operatingSystemUser()), key };
}

/** Name of the user of the operating system; `unknown` where it has none, as in some containers. */
export function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env["USER"] ?? "unknown";
  }
}
