/**
 * People of a mesh on this machine: its key registry, and keys for those who have none yet.
 *
 * Who starts a mesh gets a second identity with it, because nobody may approve a candidate of their own. Both keys lie in the
 * data folder, so they prove only who may read it: enough to try everything, nothing for a mesh that others rely on. Such a
 * mesh is given a registry of its own (`--people`), and no key is made for it.
 */
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { RAISE_ROLE } from "@baton/brokerage";
import {
  ensureKeyFile,
  identityFrom,
  keyFileOf,
  localKeyFile,
  type MeshDirectory,
  operatingSystemUser,
  readKeyFile,
  type SigningKey,
} from "@baton/client";
import { Identity, isSamePerson, PublicKey, Role } from "@baton/contracts";
import { makeFolder } from "@baton/files";
import { readYaml } from "@baton/text";
import { UserError, EXIT } from "@baton/text/user-error";
import { z } from "zod";

import { readObeyed } from "./read-obeyed.ts";

/**
 * Who comes along beside the one who runs it: a live ramp takes two approvals, neither of them its author's. In a registry that
 * is made with them they may raise limits together.
 */
export const OTHERS: readonly Identity[] = ["reviewer", "second-reviewer"];

/** Makes what is absent: the keys of `names` and of whoever runs this, and the registry with all of them. Returns own key. */
export function ensurePeople(
  { root, people }: Pick<MeshDirectory, "root" | "people">,
  names: readonly Identity[],
): SigningKey {
  makeFolder(join(root, "people"));
  const own = ownKey(root);
  const others = names.map((name) => madeKey(root, name));
  register(people, [own, ...others]);
  return own;
}

/** The key that commands are signed with anyway, if there is one. */
function ownKey(root: string): SigningKey {
  const found = readKeyFile(keyFileOf(process.env).path);
  const user = identityFrom(operatingSystemUser());
  return found ? { ...found, name: found.name ?? user } : madeKey(root, user);
}

function madeKey(root: string, name: Identity): SigningKey {
  return ensureKeyFile(localKeyFile(root, name), { name, fallback: name }).key;
}

const Registered = z.array(
  z.looseObject({ name: Identity, publicKey: PublicKey, roles: z.array(Role) }),
);

/**
 * Registers the key that commands are signed with once somebody makes one while the mesh runs, so that `baton login` locks nobody
 * out. Each key is added once: one that its keeper takes out of the registry stays out. Answers with what looks now; it returns
 * the key that it added, and throws `UserError` where it can't.
 */
export function ownKeyFollower({
  people,
}: Pick<MeshDirectory, "people">): () => SigningKey | undefined {
  const path = keyFileOf(process.env).path;
  let known = readKeyFile(path)?.publicKey;
  return () => {
    const found = readKeyFile(path);
    if (!found || found.publicKey === known) return undefined;
    const key = { ...found, name: found.name ?? identityFrom(operatingSystemUser()) };
    const isAdded = register(people, [key]);
    known = found.publicKey;
    return isAdded ? key : undefined;
  };
}

/** Adds the keys that the registry doesn't have; what is in it stays as it is. False if there was nothing to add. */
function register(file: string, keys: readonly SigningKey[]): boolean {
  const isNew = !existsSync(file);
  const text = isNew ? HEAD : readObeyed(file);
  const known = parseRegistry(text);
  // The coordinator names every fault of a registry that can't be read.
  if (!known) return false;
  for (const { name } of keys) refuseAlike(name, known);
  const lines = keys
    .filter(({ publicKey }) => !known.some((one) => one.publicKey === publicKey))
    .map(({ name, publicKey }) => {
      const given = isNew && name !== undefined && OTHERS.includes(name) ? [RAISE_ROLE] : [];
      const roles = known.find((one) => one.name === name)?.roles ?? given;
      return `- { name: ${JSON.stringify(name)}, publicKey: ${publicKey}, roles: [${roles.join(", ")}] }\n`;
    });
  if (lines.length === 0) return false;
  const partial = `${file}.${process.pid}.new`;
  try {
    writeFileSync(partial, `${text}${text.endsWith("\n") ? "" : "\n"}${lines.join("")}`, {
      mode: 0o600,
    });
    renameSync(partial, file);
    return true;
  } finally {
    rmSync(partial, { force: true });
  }
}

/** A registry with two names that read alike is taken by nobody: better said here than by a coordinator that ends. */
function refuseAlike(name: Identity | undefined, known: z.infer<typeof Registered>): void {
  const other = known.find(
    (one) => name !== undefined && one.name !== name && isSamePerson(one.name, name),
  );
  if (name === undefined || other === undefined) return;
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `your key's name can't be told from ${other.name}, who is registered`,
    value: name,
    rule: "people are counted by name, so two that read alike are one person's or nobody's",
    action: `If that is you, \`baton login --as ${JSON.stringify(other.name)}\`; otherwise take a name that reads differently.`,
  });
}

const HEAD =
  "# Who may ask for something; made by `baton up`, lines may be added (docs/people.md).\n";

function parseRegistry(text: string): z.infer<typeof Registered> | undefined {
  try {
    return Registered.safeParse(readYaml(text, { maxCharacters: 1_000_000 }) ?? []).data;
  } catch {
    return undefined;
  }
}
