import { renameSync, rmSync, writeFileSync } from "node:fs";

import {
  DEFAULT_LIMITS,
  DEFAULT_TOTAL,
  isSignedBy,
  limitsEntries,
  type LimitsEntry,
  limitsText,
  type LimitsDocument,
  MAX_RAISE_DAYS,
  mayRaise,
  type Raise,
  RAISE_ROLE,
  raiseFault,
  readLimitsDocument,
  whoMayText,
} from "@baton/brokerage";
import { findServer, registryFor, senderFrom, type SigningKey, trustedMeshes } from "@baton/client";
import { readOwnFile } from "@baton/files";
import { print } from "@baton/terminal";
/** `baton limits sign`: adds one person's signature to the raised limits of a file. What counts is checked by broker and engine. */
import { counted } from "@baton/text/counted";
import { printable } from "@baton/text/printable";
import { UserError, EXIT } from "@baton/text/user-error";
import { stringify } from "yaml";

import { ask, canAsk } from "../decisions/ask.ts";
import type { Globals } from "../globals.ts";

const DAY_MS = 86_400_000;
/** How long a raise holds where nobody says otherwise, in days. */
const USUAL_DAYS = 30;
const MAX_BYTES = 4_000_000;

/** Who signed what, for people and programs. */
interface Signed {
  readonly file: string;
  readonly by: string;
  readonly accounts: readonly {
    readonly account: string;
    readonly raised: readonly string[];
    readonly why: string;
    readonly mesh: string;
    readonly until: string;
    readonly signatures: number;
  }[];
}

/** How it is signed. */
type Options = Globals & { readonly as?: string; readonly until?: string; readonly yes?: boolean };

/** Signs every entry above the default and writes the file back as a whole. Throws `UserError`. */
export async function signLimits(file: string, options: Options): Promise<void> {
  const { name, key } = senderFrom(options.as, options);
  if (!key)
    throw new UserError({
      code: "E_INVALID",
      exit: EXIT.invalid,
      message: "limits are signed with a key, and you have none",
      value: name,
      action: "`baton login` makes one; whoever keeps the key registry adds its public half.",
    });
  if (options.yes !== true && !canAsk()) throw unasked();
  await requireRole(name, key, options);
  const document = read(file);
  const raises = limitsEntries(document).filter(({ raised }) => raised.length > 0);
  const asked: string[] = [];
  const accounts = raises.map((one) => {
    const { of, entry, raised } = one;
    const before = raisedBefore(one);
    entry.raised = raiseFor(one, options);
    // A signature of other figures, another mesh or other dates counts for nothing any more.
    const others = entry.raisedBy.filter(
      (by) => by.publicKey !== key.publicKey && isSignedBy(by, of, entry),
    );
    const bytes = key.sign(new TextEncoder().encode(limitsText(of, entry)));
    const signature = Buffer.from(bytes).toString("base64url");
    entry.raisedBy = [...others, { publicKey: key.publicKey, signature }];
    const { mesh, until } = entry.raised;
    const limits: Readonly<Record<string, number>> = entry.limits;
    const why = entry.why;
    const changes = raised.map((limit) => `${limit} ${before[limit]} → ${limits[limit]}`);
    asked.push(`  ${of}: ${changes.join(", ")} (${printable(why)}), in ${mesh} until ${until}\n`);
    const figures = raised.map((limit) => `${limit} ${limits[limit]}`);
    return { account: of, raised: figures, why, mesh, until, signatures: entry.raisedBy.length };
  });
  if (accounts.length > 0) {
    if (options.yes !== true) await confirm(name, asked);
    write(file, document);
  }
  const signed: Signed = { file, by: name, accounts };
  await print(options.format, signed, render);
}

/** A signature that won't count isn't made; where no registry is known here, broker and engine say so. Throws `UserError`. */
async function requireRole(name: string, key: SigningKey, options: Options): Promise<void> {
  const people = await registryFor(undefined, findServer(options, process.env));
  const known = people?.get(key.publicKey);
  if (people === undefined || (known !== undefined && mayRaise(known))) return;
  throw new UserError({
    code: "E_DENIED",
    exit: EXIT.notAuthorised,
    message: `${name} may not raise limits`,
    value: known === undefined ? "not in the key registry" : known.roles.join(", ") || "no role",
    rule: `to raise a limit takes two people with the role ${RAISE_ROLE}`,
    action: `Ask two who have it, or who gives it: ${whoMayText(people)}.`,
  });
}

/** What holds without the raise. */
function raisedBefore({ of }: LimitsEntry): Readonly<Record<string, number>> {
  return of === "total" ? DEFAULT_TOTAL : DEFAULT_LIMITS;
}

/**
 * Mesh and dates of a raise: those that somebody has signed already, as long as they hold; else this mesh, from now on.
 * Throws `UserError` for a raise of another mesh, and where nobody says which mesh is meant.
 */
function raiseFor({ of, entry }: LimitsEntry, options: Options): Raise {
  const mesh = meshMeant(options);
  const now = new Date();
  const { raised } = entry;
  const isOver = raised !== undefined && Date.parse(raised.until) <= now.getTime();
  if (raised !== undefined && !isOver && options.until === undefined) {
    const fault = raiseFault(raised, { mesh, now: () => now });
    if (fault === undefined) return raised;
    throw refused(
      `${of}: ${fault}`,
      "Sign in the mesh that is meant, or take `raised` out of the file.",
    );
  }
  const until =
    options.until === undefined ? now.getTime() + USUAL_DAYS * DAY_MS : dateOf(options.until);
  const fresh = { mesh, at: now.toISOString(), until: new Date(until).toISOString() };
  const fault = raiseFault(fresh, { mesh, now: () => now });
  if (fault === undefined) return fresh;
  throw refused(
    `${of}: ${fault}`,
    `Give a day at most ${MAX_RAISE_DAYS} days from now by --until.`,
  );
}

function meshMeant(options: Options): string {
  const meshes = trustedMeshes(process.env, findServer(options, process.env));
  const [mesh] = meshes;
  if (mesh !== undefined && meshes.length === 1) return mesh.name;
  const known = meshes.map(({ name }) => name).join(", ");
  throw refused(
    meshes.length === 0
      ? "a limit is raised for one mesh, and none is known here"
      : `a limit is raised for one mesh, and several are known here: ${known}`,
    "`baton trust` makes a mesh known; --data, or BATON_MESH, says which one is meant.",
  );
}

function dateOf(text: string): number {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T23:59:59.999Z`) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: "--until isn't a day",
    value: text,
    rule: "a day as YYYY-MM-DD, to whose end in UTC the raise holds",
    action: `Write it as in 2026-12-31, at most ${MAX_RAISE_DAYS} days from now.`,
  });
}

function refused(message: string, action: string): UserError {
  return new UserError({ code: "E_INVALID", exit: EXIT.invalid, message, action });
}

async function confirm(name: string, changes: readonly string[]): Promise<void> {
  process.stderr.write(changes.join(""));
  if (await ask(`raise above the default, signed by ${printable(name)}? [y/N] `)) return;
  throw new UserError({
    code: "E_INTERRUPTED",
    exit: EXIT.interrupted,
    message: "nothing was signed",
    action: "Correct the figures or the reason in the file, then sign again.",
  });
}

function unasked(): UserError {
  return new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: "limits sign shows what is raised and asks, but this isn't a terminal",
    rule: "off a terminal a signature needs --yes",
    action: "Read the file, then add --yes.",
  });
}

function read(file: string): LimitsDocument {
  let text: string;
  try {
    text = readOwnFile(file, { maxBytes: MAX_BYTES }).toString("utf8");
  } catch (error) {
    throw unusable(file, error instanceof Error ? error.message : "it can't be read");
  }
  const result = readLimitsDocument(text);
  if ("document" in result) return result.document;
  throw unusable(file, result.faults.slice(0, 20).join("\n  "));
}

function write(file: string, document: LimitsDocument): void {
  const partial = `${file}.${process.pid}.new`;
  try {
    writeFileSync(partial, stringify(document), { flag: "wx", mode: 0o644 });
    renameSync(partial, file);
  } catch (error) {
    throw unusable(file, error instanceof Error ? error.message : "it can't be written");
  } finally {
    rmSync(partial, { force: true });
  }
}

function unusable(file: string, why: string): UserError {
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `the limits file can't be used: ${why}`,
    value: file,
    action: "Correct it as docs/limits.md says, then sign again.",
  });
}

function render({ file, by, accounts }: Signed): string {
  if (accounts.length === 0) return `nothing to sign in ${printable(file)}: no limit is raised\n`;
  const lines = accounts.map(
    ({ account, raised, why, mesh, until, signatures }) =>
      `signed  ${account}: ${raised.join(", ")} (${printable(why)}), in ${mesh} until ${until}; ${counted(signatures, "signature")}`,
  );
  return `${lines.join("\n")}\nby ${printable(by)}. Limits hold with two people's; restart broker and engine to take them.\n`;
}
