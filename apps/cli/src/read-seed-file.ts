import { fstatSync, openSync, closeSync, constants, readFileSync } from "node:fs";

import { CliError, EXIT } from "./cli-error.ts";

const VARIABLE = "BATON_NATS_SEED_FILE";

/** The nkey seed from the file that BATON_NATS_SEED_FILE names; undefined without it. Only its owner may read the file. */
export function readSeedFile(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const path = env[VARIABLE];
  if (path === undefined || path === "") return undefined;
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > 4096) throw refusal(path, "it names a small regular file");
    if ((stat.mode & 0o077) !== 0)
      throw refusal(path, "only the owner may read it: mode 0600 or 0400");
    const seed = readFileSync(file, "utf8").trim();
    if (!/^SU[A-Z2-7]{56}$/.test(seed)) throw refusal(path, "it holds an nkey user seed, SU…");
    return seed;
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw refusal(
      path,
      `it can be read (${error instanceof Error ? error.message : String(error)})`,
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function refusal(path: string, rule: string): CliError {
  return new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${VARIABLE} can't be used`,
    value: path,
    rule,
    action: `Correct ${VARIABLE} or the file, or unset it.`,
  });
}
