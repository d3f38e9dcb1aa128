/** `baton whoami`: in whose name commands are sent. */
import { senderFrom } from "@baton/client";
import { print } from "@baton/terminal";
import { printable } from "@baton/text/printable";

import type { Globals } from "../globals.ts";

/** Prints name, public key and key file. */
export async function whoami(options: Globals): Promise<void> {
  const { name, key } = senderFrom(undefined, options);
  const known = { name, publicKey: key?.publicKey ?? null, file: key?.file ?? null };
  await print(options.format, known, (one) =>
    one.publicKey === null
      ? `${printable(one.name)}  without a key: commands are sent unsigned; \`baton login\` makes one\n`
      : `${printable(one.name)}  ${one.publicKey}  ${printable(one.file ?? "")}\n`,
  );
}
