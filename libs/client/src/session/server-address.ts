/**
 * Which server a command talks to: that of --server or --data, else BATON_NATS_URL, else the mesh that `baton up` runs, else the
 * usual port.
 */
import { realpathSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { join, resolve } from "node:path";

import { UserError, EXIT } from "@baton/text/user-error";

import { isOurs, type MeshState, readState } from "../here/up-state.ts";

/** Which mesh is meant, as far as anybody says. */
export interface MeshNamed {
  /** Addresses of its servers. */
  readonly server?: string | undefined;
  /** Data folder of a `baton up` on this machine. */
  readonly data?: string | undefined;
}

const USUAL = "nats://127.0.0.1:4222";
/** Names the mesh that is meant when nothing else is said. Written by `baton up`; not looked for where the user happens to be: a folder may be anybody's. */
export const POINTER = join(import.meta.dirname, "../../../../.baton/up.json");

/** A server's address and where it was found. */
export interface ServerAddress {
  readonly url: string;
  readonly source: "--server" | "--data" | "BATON_NATS_URL" | ".baton/up.json" | "default";
  /** Present if the mesh of `baton up` is the one meant. */
  readonly up: MeshState | undefined;
}

/**
 * Finds the address for a command; `pointer` names the mesh that is meant where nothing else is said. Throws `UserError` for one
 * that isn't an address, and for a data folder on which no mesh of this user runs.
 */
export function findServer(
  { server, data }: MeshNamed,
  env: Readonly<Record<string, string | undefined>>,
  pointer: string = POINTER,
): ServerAddress {
  if (data !== undefined) {
    const meant = meshOn(resolve(data));
    return { url: meant.natsUrl, source: "--data", up: meant };
  }
  const up = findMesh(pointer);
  const fromEnv = env["BATON_NATS_URL"];
  if (server !== undefined) return named(server, "--server", up);
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
  const state = readState(pointer);
  // After a crash the file is still there, and the address may be somebody else's by now.
  return state && isOurs(state.pid) ? state : undefined;
}

/** The mesh that runs on a data folder. Its address comes from a file of the user's own, as that of the usual one does. */
function meshOn(folder: string): MeshState {
  // A dry run's mesh lies a folder deeper than its evidence.
  const found = [folder, join(folder, "mesh")].flatMap((root) => {
    const state = findMesh(join(root, "up.json"));
    // A copy of a data folder isn't the mesh that it was copied from.
    return state && isSamePlace(state.dataDir, root) ? [state] : [];
  });
  if (found[0]) return found[0];
  throw new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `no mesh of yours runs on that folder: ${whyNone(folder)}`,
    value: folder,
    rule: "--data names the data folder of a `baton up` that this user runs on this machine",
    action: `\`baton up --data ${folder}\` starts one there; \`baton up\` prints the data folder of one that runs.`,
  });
}

function whyNone(folder: string): string {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return "there is no such folder";
  const state = readState(join(folder, "up.json"));
  if (!state) return "it has no up.json that is your own";
  return isOurs(state.pid)
    ? `its up.json is about ${state.dataDir}`
    : `process ${state.pid}, which ran one, is gone`;
}

function isSamePlace(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
}

function isAddress({ hostname }: URL): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
}

function check(list: string, source: string): void {
  for (const part of list.split(",")) {
    const text = part.trim();
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url && (url.username !== "" || url.password !== "")) {
      throw new UserError({
        code: "E_INVALID",
        exit: EXIT.invalid,
        message: `${source} holds a secret (not shown)`,
        rule: "an address holds no user, password or token",
        action: "Take it out; BATON_NATS_SEED_FILE names the file with your nkey seed.",
      });
    }
    const known = url !== undefined && ["nats:", "tls:"].includes(url.protocol);
    if (known && url.hostname !== "" && !(url.protocol === "tls:" && isAddress(url))) continue;
    throw new UserError({
      code: "E_INVALID",
      exit: EXIT.invalid,
      message: `${source} isn't the address of a NATS server`,
      value: text,
      rule: "nats://host:4222 or tls://name:4222, the name being the certificate's; several are separated by commas",
      action: `Correct ${source}.`,
    });
  }
}
