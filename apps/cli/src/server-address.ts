/** Which server a command talks to: --server, else BATON_NATS_URL, else the mesh that `baton up` runs, else the usual port. */
import { isIP } from "node:net";
import { join } from "node:path";

import { CliError, EXIT } from "./cli-error.ts";
import { isOurs, type MeshState, readOwnState } from "./up/up-state.ts";

const USUAL = "nats://127.0.0.1:4222";
/** Written by `baton up`. Not looked for where the user happens to be: a folder may be anybody's. */
const POINTER = join(import.meta.dirname, "../../../.baton/up.json");

/** A server's address and where it was found. */
export interface ServerAddress {
  readonly url: string;
  readonly source: "--server" | "BATON_NATS_URL" | ".baton/up.json" | "default";
  /** Present if the mesh of `baton up` is the one meant. */
  readonly up: MeshState | undefined;
}

/** Finds the address for a command; `pointer` names the mesh that runs. Throws `CliError` for one that isn't an address. */
export function findServer(
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  pointer: string = POINTER,
): ServerAddress {
  const up = findMesh(pointer);
  const fromEnv = env["BATON_NATS_URL"];
  if (option !== undefined) return named(option, "--server", up);
  if (fromEnv !== undefined && fromEnv !== "") return named(fromEnv, "BATON_NATS_URL", up);
  if (up) return named(up.natsUrl, ".baton/up.json", up);
  return { url: USUAL, source: "default", up: undefined };
}

function named(
  url: string,
  source: ServerAddress["source"],
  up: MeshState | undefined,
): ServerAddress {
  check(url, source);
  return { url, source, up: up?.natsUrl === url ? up : undefined };
}

/** The mesh of this user's own `baton up`: what somebody else wrote, or might have, says what they like. */
function findMesh(pointer: string): MeshState | undefined {
  const state = readOwnState(pointer);
  // After a crash the file is still there, and the address may be somebody else's by now.
  return state && isOurs(state.pid) ? state : undefined;
}

function isAddress({ hostname }: URL): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
}

function check(list: string, source: string): void {
  for (const part of list.split(",")) {
    const text = part.trim();
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url && (url.username !== "" || url.password !== "")) {
      throw new CliError({
        code: "E_INVALID",
        exit: EXIT.invalid,
        message: `${source} holds a secret (not shown)`,
        rule: "an address holds no user, password or token",
        action: "Take it out; BATON_NATS_SEED_FILE names the file with your nkey seed.",
      });
    }
    const known = url !== undefined && ["nats:", "tls:"].includes(url.protocol);
    if (known && url.hostname !== "" && !(url.protocol === "tls:" && isAddress(url))) continue;
    throw new CliError({
      code: "E_INVALID",
      exit: EXIT.invalid,
      message: `${source} isn't the address of a NATS server`,
      value: text,
      rule: "nats://host:4222 or tls://name:4222, the name being the certificate's; several are separated by commas",
      action: `Correct ${source}.`,
    });
  }
}
