/** Which server a command talks to: --server, else BATON_NATS_URL, else the mesh that `baton up` runs, else the usual port. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { z } from "zod";

import { CliError, EXIT } from "./cli-error.ts";

const USUAL = "nats://127.0.0.1:4222";

/** What `baton up` tells about the mesh that it runs; it may tell more. */
export const UpState = z.looseObject({
  natsUrl: z.string(),
  /** Address of the server's monitoring endpoints. */
  monitorUrl: z.string().optional(),
});
export type UpState = z.infer<typeof UpState>;

/** A server's address and where it was found. */
export interface ServerAddress {
  readonly url: string;
  readonly source: "--server" | "BATON_NATS_URL" | ".baton/up.json" | "default";
  /** Present if the mesh of `baton up` is the one meant. */
  readonly up: UpState | undefined;
}

/** Finds the address. Throws `CliError` for one that isn't an address. */
export function findServer(
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): ServerAddress {
  if (option !== undefined) return named(option, "--server", folder);
  const fromEnv = env["BATON_NATS_URL"];
  if (fromEnv !== undefined && fromEnv !== "") return named(fromEnv, "BATON_NATS_URL", folder);
  const up = readUpState(folder);
  if (up) return { url: checked(up.natsUrl, ".baton/up.json"), source: ".baton/up.json", up };
  return { url: USUAL, source: "default", up: undefined };
}

function named(
  given: string,
  source: "--server" | "BATON_NATS_URL",
  folder: string,
): ServerAddress {
  const url = checked(given, source);
  const up = readUpState(folder);
  return { url, source, up: up?.natsUrl === url ? up : undefined };
}

/** The state file of the nearest folder upwards that has one; undefined if there is none or it can't be read as one. */
function readUpState(folder: string): UpState | undefined {
  for (let at = folder; ; at = dirname(at)) {
    try {
      return UpState.parse(JSON.parse(readFileSync(join(at, ".baton/up.json"), "utf8")));
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}

function checked(list: string, source: string): string {
  for (const part of list.split(",")) {
    const text = part.trim();
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const scheme = url?.protocol.slice(0, -1) ?? "";
    if (url && (url.username !== "" || url.password !== "")) {
      // The value isn't shown: it holds a secret.
      throw invalid(source, undefined, "an address holds no user, password or token");
    }
    if (!url || !["nats", "tls"].includes(scheme) || url.hostname === "")
      throw invalid(source, text, "an address looks like nats://host:4222 or tls://host:4222");
  }
  return list;
}

function invalid(source: string, value: string | undefined, rule: string): CliError {
  return new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${source} isn't the address of a NATS server`,
    value,
    rule,
    action: `Correct ${source}${rule.includes("password") ? "; BATON_NATS_SEED_FILE names the file with your seed" : ""}.`,
  });
}
