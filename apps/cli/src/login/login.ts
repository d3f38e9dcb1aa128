/** `baton login`: a key to sign commands with, made if there is none. */
import { ensureKeyFile, identityFrom, keyFileOf, operatingSystemUser } from "@baton/client";
import { print } from "@baton/terminal";
import { printable } from "@baton/text/printable";

import type { Globals } from "../globals.ts";

/** Makes or keeps the key and prints its public half. */
export async function login(options: Globals & { readonly as?: string }): Promise<void> {
  const name = options.as === undefined ? undefined : identityFrom(options.as);
  const fallback = identityFrom(operatingSystemUser());
  const { key, created } = ensureKeyFile(keyFileOf(process.env).path, { name, fallback });
  const known = { name: key.name ?? fallback, publicKey: key.publicKey, file: key.file, created };
  await print(options.format, known, renderLogin);
}

/** For people: who they are now, and what to give to whoever keeps the registry. */
function renderLogin(known: {
  readonly name: string;
  readonly publicKey: string;
  readonly file: string;
  readonly created: boolean;
}): string {
  const { name, publicKey, file, created } = known;
  const entry = `- { name: ${JSON.stringify(name)}, publicKey: ${publicKey}, roles: [] }`;
  return [
    `${created ? "created" : "kept"}  ${publicKey}`,
    `         for ${name}, in ${file}; whoever has this file can decide in that name`,
    `Give this line to whoever keeps the key registry (the coordinator's BATON_PEOPLE):`,
    entry,
    "",
  ]
    .map(printable)
    .join("\n");
}
