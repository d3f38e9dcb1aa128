import { existsSync } from "node:fs";

import { readPrivateFile, UnsafeFile } from "@baton/files";
import { UserError, EXIT } from "@baton/text/user-error";

import { meshDirectory } from "../here/mesh-directory.ts";
import type { ServerAddress } from "./server-address.ts";

const VARIABLE = "BATON_NATS_SEED_FILE";

/**
 * The nkey seed to sign in with: from the file that BATON_NATS_SEED_FILE names, unless the mesh is named by its data folder; else
 * from the data folder of the `baton up` that is meant; undefined if there's neither. Only its owner may read the file. Throws `UserError`.
 */
export function seedFor(
  { up, source }: Pick<ServerAddress, "up" | "source">,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const named = env[VARIABLE];
  // What the environment says is about the mesh that is meant where no folder is named.
  if (named !== undefined && named !== "" && source !== "--data") return readSeed(named);
  const path = up && meshDirectory(up.dataDir).seedOf("cli");
  return path !== undefined && existsSync(path) ? readSeed(path) : undefined;
}

/** The seed in a file. Throws `UserError`. */
export function readSeed(path: string): string {
  try {
    const seed = readPrivateFile(path, { maxBytes: 4096 })?.trim();
    if (seed === undefined) throw refusal(path, "it names a file that is there");
    if (!/^SU[A-Z2-7]{56}$/.test(seed)) throw refusal(path, "it holds an nkey user seed, SU…");
    return seed;
  } catch (error) {
    throw error instanceof UnsafeFile ? refusal(path, error.rule, error.action) : error;
  }
}

function refusal(path: string, rule: string, action = "Correct the file."): UserError {
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "the nkey seed to sign in to the server with can't be read",
    value: path,
    rule,
    action: `${action} Or set ${VARIABLE} to another one.`,
  });
}
