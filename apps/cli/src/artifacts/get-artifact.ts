/** `baton artifacts get ID NAME` or `--sha256`: one artifact's bytes, verified. */
import {
  candidateTextFrom,
  findCandidate,
  readLast,
  readWhole,
  type Session,
  sha256From,
} from "@baton/client";
import { ArtifactName, type Sha256 } from "@baton/contracts";
import { note } from "@baton/terminal";
import { printableLines } from "@baton/text/printable";
import { UserError, EXIT } from "@baton/text/user-error";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";
import { writeWhole } from "./write-whole.ts";

/** What the command line said. */
export interface GetArtifactOptions extends Globals {
  readonly sha256?: string;
  readonly out?: string;
  readonly force?: boolean;
}

/** Fetches the artifact and writes it out. */
export async function getArtifact(
  of: { readonly id: string | undefined; readonly name: string | undefined },
  options: GetArtifactOptions,
): Promise<void> {
  const wanted = wantedFrom(of, options.sha256);
  await using session = await openCommandSession(options);
  const sha256 = typeof wanted === "string" ? wanted : await digestOf(session, wanted);
  const bytes = await session.artifacts.get(sha256).catch((error: unknown) => {
    throw damaged(sha256, error);
  });
  if (!bytes) throw typeof wanted === "string" ? unknown(sha256) : lost(sha256, wanted.name);
  if (options.out === undefined || options.out === "-") await toStandardOutput(bytes);
  else await toFile(options.out, bytes, options.force === true);
}

interface Named {
  readonly id: string;
  readonly name: string;
}

function wantedFrom(
  { id, name }: { id: string | undefined; name: string | undefined },
  sha256: string | undefined,
): Sha256 | Named {
  if (sha256 !== undefined && id === undefined) return sha256From(sha256);
  if (sha256 !== undefined || id === undefined || name === undefined) {
    throw new UserError({
      code: "E_USAGE",
      exit: EXIT.usage,
      message: "name the artifact either by candidate and name or by --sha256",
      action: "`baton artifacts get --help` shows both.",
    });
  }
  const parsed = ArtifactName.safeParse(name);
  if (parsed.success) return { id: candidateTextFrom(id), name: parsed.data };
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "the artifact's name isn't valid",
    value: name,
    rule: "a relative path of A-Z a-z 0-9 . _ - and '/', no part starting with '.' or '-'",
    action: `\`baton artifacts list ${candidateTextFrom(id)}\` lists the names.`,
  });
}

async function digestOf(session: Session, { id: typed, name }: Named): Promise<Sha256> {
  const id = await findCandidate(session, typed);
  const { entry } = await readLast(session, id);
  const { artifacts } = await readWhole(session, entry);
  const ref = artifacts.findLast((artifact) => artifact.name === name);
  if (ref) return ref.sha256;
  throw absent(
    `${id} has no artifact ${name}`,
    `\`baton artifacts list ${id}\` lists those there are.`,
  );
}

async function toStandardOutput(bytes: Uint8Array): Promise<void> {
  // A file's bytes are somebody else's: a terminal must not obey them.
  const shown = process.stdout.isTTY ? printableLines(new TextDecoder().decode(bytes)) : bytes;
  await new Promise<void>((resolve) => process.stdout.write(shown, () => resolve()));
}

async function toFile(path: string, bytes: Uint8Array, force: boolean): Promise<void> {
  try {
    await writeWhole(path, bytes, { replace: force });
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw new UserError({
      code: exists ? "E_CONFLICT" : "E_INVALID",
      exit: exists ? EXIT.conflict : EXIT.invalid,
      message: exists
        ? "the file is there already"
        : `the file can't be written: ${error instanceof Error ? error.message : String(error)}`,
      value: path,
      action: exists
        ? "Name another file, or add --force."
        : "Check the path, its permissions and the space that is left; nothing was left under that name.",
      cause: error,
    });
  }
  note(`${bytes.length} bytes written to ${path}`);
}

function absent(message: string, action: string): UserError {
  return new UserError({ code: "E_NOT_FOUND", exit: EXIT.notFound, message, action });
}

function unknown(sha256: string): UserError {
  return absent(`no artifact ${sha256} is stored`, "Check the digest.");
}

/** One that the journal names was stored once. */
function lost(sha256: string, name: string): UserError {
  return new UserError({
    code: "E_ARTIFACT",
    exit: EXIT.conflict,
    message: `${name} was stored, and isn't there any more`,
    value: sha256,
    rule: "what the journal names is kept for ever",
    action: REPAIR,
  });
}

const REPAIR =
  "`baton doctor --deep` says what it can be made again from; a copy of these bytes is put back by `baton artifacts put FILE`.";

function damaged(sha256: string, error: unknown): unknown {
  if (!(error instanceof Error && error.name === "ArtifactAltered")) return error;
  return new UserError({
    code: "E_ARTIFACT",
    exit: EXIT.conflict,
    message: error.message,
    value: sha256,
    rule: "stored bytes hash to their name",
    action: REPAIR,
    cause: error,
  });
}
