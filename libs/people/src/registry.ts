/**
 * The key registry: whose public key is whose, and which roles they have.
 *
 * K1: a key belongs to one name; a name may have several keys, with the same roles.
 * K2: people are counted by name, so each is one that can be told from others by reading it; two that a reader would take for one
 *     another are a fault.
 */
import type { KeyObject } from "node:crypto";

import { Identity, looksOf, PublicKey, Role } from "@baton/contracts";
import { readOwnFile, unsafeAction } from "@baton/files";
import { readYaml, YamlError } from "@baton/text";
import { z } from "zod";

import { keyOf } from "./keys.ts";

/** A known person or system. */
export interface Person {
  readonly name: Identity;
  readonly roles: readonly Role[];
  readonly key: KeyObject;
}

/** Everybody who may ask for something, by public key. */
export type People = ReadonlyMap<PublicKey, Person>;

const MAX_BYTES = 1_000_000;
const MAX_FAULTS = 100;

const PersonDocument = z.strictObject({
  name: Identity,
  publicKey: PublicKey,
  roles: z.array(Role).max(16),
});
const PeopleDocument = z
  .array(z.unknown(), { error: "must be a list of {name, publicKey, roles}" })
  .min(1, { error: "nobody is listed: nobody could ask for anything" })
  .max(10_000);

/** A registry that can't be used: names every fault. */
export class PeopleFault extends Error {
  override readonly name = "PeopleFault";
  readonly code = "E_PEOPLE";
  readonly action: string;

  constructor(message: string, action: string) {
    super(message);
    this.action = action;
  }
}

/** Reads and checks the registry's file. Throws `PeopleFault`. */
export async function readPeople(file: string): Promise<People> {
  const result = parsePeople(textOf(file));
  if (result.ok) return result.people;
  throw refusal(file, `\n  ${result.faults.join("\n  ")}`, "Correct every line above.");
}

function textOf(file: string): string {
  try {
    return readOwnFile(file, { maxBytes: 4 * MAX_BYTES }).toString("utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const action = unsafeAction(error, "Set BATON_PEOPLE to a readable file, or unset it.");
    throw refusal(file, why, action);
  }
}

function refusal(file: string, what: string, action: string): PeopleFault {
  return new PeopleFault(`key registry ${file}: ${what}`, action);
}

/** The registry in a YAML text, or all that is wrong with it. */
export function parsePeople(
  text: string,
): { ok: true; people: People } | { ok: false; faults: readonly string[] } {
  let document: unknown;
  try {
    document = readYaml(text, { maxCharacters: MAX_BYTES });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { ok: false, faults: [`${error.message}; ${error.action}`] };
  }
  const list = PeopleDocument.safeParse(document);
  if (!list.success) return { ok: false, faults: list.error.issues.map(({ message }) => message) };
  const people = new Map<PublicKey, Person>();
  const byLook = new Map<string, Person>();
  const faults: string[] = [];
  for (const [index, item] of list.data.entries()) {
    const read = readPerson(item);
    const found =
      "person" in read ? faultsAmong({ people, byLook }, read.person, read.publicKey) : read.faults;
    faults.push(...found.map((fault) => `${index}: ${fault}`));
    if (!("person" in read) || found.length > 0) continue;
    people.set(read.publicKey, read.person);
    for (const look of looksOf(read.person.name)) byLook.set(look, read.person);
  }
  return faults.length === 0
    ? { ok: true, people }
    : { ok: false, faults: faults.slice(0, MAX_FAULTS) };
}

function readPerson(
  item: unknown,
): { publicKey: PublicKey; person: Person } | { faults: readonly string[] } {
  const parsed = PersonDocument.safeParse(item);
  if (!parsed.success) {
    // The value isn't told: somebody may have put the secret half there.
    return {
      faults: parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`),
    };
  }
  const { name, publicKey, roles } = parsed.data;
  if (new Set(roles).size < roles.length) return { faults: [`roles: one is listed twice`] };
  try {
    return { publicKey, person: { name, roles, key: keyOf(publicKey) } };
  } catch {
    return { faults: [`publicKey: ${publicKey} isn't a key: its checksum is wrong`] };
  }
}

/** Who is registered so far, by key and by what their names look like. */
type Registered = {
  readonly people: People;
  readonly byLook: ReadonlyMap<string, Person>;
};

function faultsAmong(
  { people, byLook }: Registered,
  person: Person,
  publicKey: PublicKey,
): string[] {
  const owner = people.get(publicKey);
  if (owner) return [`publicKey: ${publicKey} is ${owner.name}'s already`];
  const others = looksOf(person.name).flatMap((look) => byLook.get(look) ?? []);
  const other = others.find(({ name }) => name !== person.name) ?? others[0];
  if (other === undefined) return [];
  if (other.name !== person.name) return [alike(person.name, other.name)];
  if (other.roles.toSorted().join() !== person.roles.toSorted().join())
    return [`roles: ${person.name} has others with another key: ${other.roles.join(", ")}`];
  return [];
}

function alike(name: string, other: string): string {
  const han = /\p{Script=Han}/u.test(name)
    ? "; Han letters tell nobody apart, so add a number or kana, Hangul or Bopomofo, or write the name in Latin letters"
    : "";
  return `name: ${JSON.stringify(name)} can't be told from ${JSON.stringify(other)}: if it is another person, give a name that differs in more than signs, accents, case and letters that look alike${han}`;
}
