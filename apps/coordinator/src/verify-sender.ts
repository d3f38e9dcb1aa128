/**
 * Who really sent a command. Without a key registry everybody is believed, but a signature that is there must fit. With one:
 *
 * G1: only a command that is signed with a registered key, in its owner's name, is decided at all.
 * G2: the signed time is held against the moment at which the stream stored the command, so a stored one that is delivered again
 *     is judged as before, and one that was caught and sent later isn't taken. Its id is signed too, and COMMANDS takes an id
 *     once.
 */
import { verify } from "node:crypto";

import { type Command, type ControlCommand, SIGNED_WITHIN_MS, signedText } from "@baton/contracts";
import type { VerifiedIdentity } from "@baton/playbook";

import { keyOf, type People, type Person } from "./people.ts";

/** Who sent a command; no identity where nobody is known. Refused: with words for the one who asked. */
export type Sender =
  | { readonly kind: "taken"; readonly identity: VerifiedIdentity | undefined }
  | { readonly kind: "refused"; readonly message: string; readonly action: string };

/** A command as it came: what was parsed, and the JSON value it was parsed from, which is what was signed. */
export interface ReceivedCommand {
  readonly command: Command | ControlCommand;
  readonly value: object;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
}

/** Holds a command's signature against the registry. */
export function verifySender(people: People | undefined, received: ReceivedCommand): Sender {
  const { command } = received;
  const { publicKey, signature } = command;
  if (publicKey === undefined || signature === undefined) {
    return people
      ? refused(
          "the command isn't signed",
          "`baton login` makes a key; ask for it to be registered.",
        )
      : { kind: "taken", identity: undefined };
  }
  const person = people?.get(publicKey);
  if (people && !person) {
    return refused(
      `nobody is registered with the key ${publicKey}`,
      "Ask whoever keeps the coordinator's BATON_PEOPLE to add it; `baton whoami` shows your key.",
    );
  }
  if (!isSignedBy(received, { publicKey, signature }, person)) {
    return refused(
      "the signature doesn't fit the command: it was altered, or signed with another key",
      "Send it anew with `baton`; if that fails too, tell whoever keeps the mesh.",
    );
  }
  return person ? judge(person, received) : { kind: "taken", identity: undefined };
}

function judge({ name, roles }: Person, { command, storedAt }: ReceivedCommand): Sender {
  if (name !== command.by) {
    return refused(
      `the command says ${command.by}, its key is ${name}'s`,
      "Send it in your own name; `baton whoami` shows it.",
    );
  }
  const apartMs = Math.abs(Date.parse(command.time) - storedAt);
  if (apartMs > SIGNED_WITHIN_MS) {
    return refused(
      `it was signed at ${command.time} and stored at ${new Date(storedAt).toISOString()}: more than ${SIGNED_WITHIN_MS / 60_000} minutes apart`,
      "Check this machine's clock and send it anew.",
    );
  }
  return { kind: "taken", identity: { name, roles } };
}

function isSignedBy(
  { value }: ReceivedCommand,
  { publicKey, signature }: { publicKey: string; signature: string },
  person: Person | undefined,
): boolean {
  try {
    const key = person?.key ?? keyOf(publicKey);
    return verify(null, Buffer.from(signedText(value)), key, Buffer.from(signature, "base64url"));
  } catch {
    // A key that is none, or a value that has no canonical form.
    return false;
  }
}

function refused(message: string, action: string): Sender {
  return { kind: "refused", message, action };
}
