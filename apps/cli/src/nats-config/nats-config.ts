/** `baton nats-config`: who may do what, as the part of a nats-server configuration that says so. */
import { KINDS } from "@baton/mesh";
import { ensureMeshKeys, type PublicKeys, renderAccess } from "@baton/nats-server";
import { write } from "@baton/terminal";
import { readYaml, YamlError } from "@baton/text";
import { UserError, EXIT } from "@baton/text/user-error";
import { stringify } from "yaml";
import { z } from "zod";

import { readInput } from "../submit/read-input.ts";

/** Options as they were given. */
export interface NatsConfigOptions {
  readonly keys?: string;
  readonly newKeys?: string;
}

const Keys = z.array(
  z.string().regex(/^U[A-Z2-7]{55}$/, "a public user nkey: U and 55 characters A-Z, 2-7"),
);
const KeysFile = z.record(z.enum(KINDS), Keys.min(1).max(32));

/** Prints the accounts for the keys in a file, or makes keys and prints that file. Throws `UserError`. */
export async function natsConfig({ keys, newKeys }: NatsConfigOptions): Promise<void> {
  if (keys === undefined && newKeys === undefined) {
    throw new UserError({
      code: "E_USAGE",
      exit: EXIT.usage,
      message: "name either the file with the public keys or a folder for new ones",
      action: "`baton nats-config --help` shows both.",
    });
  }
  if (newKeys !== undefined) await write(stringify(ensureMeshKeys(newKeys).publicKeys));
  else await write(renderAccess(await readKeys(keys ?? "")));
}

/** The public keys in a YAML file: a list for every kind of process. */
export async function readKeys(file: string): Promise<PublicKeys> {
  const limits = { maxBytes: 64 * 1024, limit: "64 KiB of keys", silentMs: 10_000 };
  const text = new TextDecoder().decode(await readInput(file, limits));
  let value: unknown;
  try {
    value = readYaml(text, { maxCharacters: limits.maxBytes });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw refusal(file, `${error.message}; ${error.action}`);
  }
  const parsed = KeysFile.safeParse(value);
  if (parsed.success) {
    const all = Object.values(parsed.data).flat();
    const twice = all.find((key, index) => all.indexOf(key) !== index);
    if (twice === undefined) return parsed.data;
    throw refusal(file, `${twice} is listed twice: a key belongs to one kind`);
  }
  const [issue] = parsed.error.issues;
  throw refusal(file, `${issue?.path.join(".") || "(top)"}: ${issue?.message}`);
}

function refusal(file: string, rule: string | undefined): UserError {
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "the file with the public keys isn't valid",
    value: file,
    rule,
    action: `Give each of ${KINDS.join(", ")} a list of public keys; \`baton nats-config --new-keys FOLDER\` makes some.`,
  });
}
