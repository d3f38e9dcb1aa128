/** `baton limits sign`: adds one person's signature to the raised limits of a file. What counts is checked by broker and engine. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

import {
  DEFAULT_LIMITS,
  limitsText,
  type LimitsDocument,
  raisedOver,
  readLimitsDocument,
} from "@baton/brokerage";
import { senderFrom } from "@baton/client";
import { print } from "@baton/terminal";
import { printable } from "@baton/text/printable";
import { UserError, EXIT } from "@baton/text/user-error";
import { stringify } from "yaml";

import { ask, canAsk } from "../decisions/ask.ts";
import type { Globals } from "../globals.ts";

/** Who signed what, for people and programs. */
interface Signed {
  readonly file: string;
  readonly by: string;
  readonly accounts: readonly {
    readonly account: string;
    readonly raised: readonly string[];
    readonly why: string;
    readonly signatures: number;
  }[];
}

/** Signs every entry above the default and writes the file back as a whole. Throws `UserError`. */
export async function signLimits(
  file: string,
  options: Globals & { readonly as?: string; readonly yes?: boolean },
): Promise<void> {
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
  const document = read(file);
  const asked: string[] = [];
  const accounts = Object.entries(document.accounts).flatMap(([account, entry]) => {
    const raised = raisedOver(DEFAULT_LIMITS, entry.limits);
    if (raised.length === 0) return [];
    const others = entry.raisedBy.filter(({ publicKey }) => publicKey !== key.publicKey);
    const bytes = key.sign(new TextEncoder().encode(limitsText(account, entry)));
    const signature = Buffer.from(bytes).toString("base64url");
    entry.raisedBy = [...others, { publicKey: key.publicKey, signature }];
    const figures = raised.map((limit) => `${limit} ${entry.limits[limit]}`);
    const changes = raised.map(
      (limit) => `${limit} ${DEFAULT_LIMITS[limit]} → ${entry.limits[limit]}`,
    );
    asked.push(`  ${account}: ${changes.join(", ")} (${printable(entry.why)})\n`);
    return [{ account, raised: figures, why: entry.why, signatures: entry.raisedBy.length }];
  });
  if (accounts.length > 0) {
    if (options.yes !== true) await confirm(name, asked);
    write(file, document);
  }
  const signed: Signed = { file, by: name, accounts };
  await print(options.format, signed, render);
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
    text = readFileSync(file, "utf8");
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
    ({ account, raised, why, signatures }) =>
      `signed  ${account}: ${raised.join(", ")} (${printable(why)}); ${signatures} signature${signatures === 1 ? "" : "s"}`,
  );
  return `${lines.join("\n")}\nby ${printable(by)}. Limits hold with two people's; restart broker and engine to take them.\n`;
}
