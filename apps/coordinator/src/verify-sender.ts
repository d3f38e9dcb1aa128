/**
 * Who really sent a command. Without a key registry everybody is believed, but a signature that is there must fit. With one:
 *
 * G1: only a command that is signed with a registered key, in its owner's name, is decided at all.
 * G2: the mesh that a command is meant for is signed too: one that was caught in another mesh isn't taken in this one.
 * G3: the signed time is held against the moment at which the stream stored the command, so a stored one that is delivered again
 *     is judged as before, and one that was caught and sent later isn't taken. Its id is signed too, and COMMANDS takes an id
 *     once.
 */
import {
  type Command,
  type ControlCommand,
  type MeshName,
  SIGNED_WITHIN_MS,
} from "@baton/contracts";
import { isSigned, type People, type Person } from "@baton/people";
import type { VerifiedIdentity } from "@baton/playbook";

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

/** Where a command has come to. */
export interface Here {
  readonly mesh: MeshName;
  /** Undefined: everybody is believed. */
  readonly people: People | undefined;
}

/** Holds a command's signature against the registry, and the mesh that it names against this one. */
export function verifySender(received: ReceivedCommand, { mesh, people }: Here): Sender {
  const { command, value } = received;
  const { publicKey, signature } = command;
  if (command.mesh !== undefined && command.mesh !== mesh) {
    return refused(
      `the command is meant for ${command.mesh}, this is ${mesh}`,
      "Send it anew to the mesh that is meant; `baton trust` lists those that you know.",
    );
  }
  if (publicKey === undefined || signature === undefined) {
    return people
      ? refused(
          "the command isn't signed",
          "`baton login` makes a key and prints the line that whoever keeps the coordinator's BATON_PEOPLE has to add; your own `baton up` does so within seconds. Then send it again.",
        )
      : { kind: "taken", identity: undefined };
  }
  const person = people?.get(publicKey);
  if (people && !person) {
    return refused(
      `nobody is registered with the key ${publicKey}`,
      "Give the line that `baton login` prints to whoever keeps the coordinator's BATON_PEOPLE, then send it again; your own `baton up` takes a new key up within seconds. `baton get people` shows who is registered.",
    );
  }
  if (!isSigned(value, { publicKey, signature }, person?.key)) {
    return refused(
      "the signature doesn't fit the command: it was altered, or signed with another key",
      "Send it anew with `baton`; if that fails too, tell whoever keeps the mesh.",
    );
  }
  return person ? judge(person, received) : { kind: "taken", identity: undefined };
}

function judge({ name, roles }: Person, { command, storedAt }: ReceivedCommand): Sender {
  if (command.mesh === undefined) {
    return refused(
      "the command doesn't say which mesh it is meant for",
      "Send it anew with the `baton` of this release.",
    );
  }
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

function refused(message: string, action: string): Sender {
  return { kind: "refused", message, action };
}
