/** `baton trust`: the meshes that commands may go to. */
import {
  findServer,
  meshesFileOf,
  parseMesh,
  type TrustedMesh,
  trustedMeshes,
  trustMesh,
} from "@baton/client";
import { print } from "@baton/terminal";

import type { Globals } from "../globals.ts";

/** Keeps the mesh that is named, if one is, and prints those that are known. */
export async function trust(words: readonly string[], options: Globals): Promise<void> {
  const file = meshesFileOf(process.env);
  if (words.length > 0) trustMesh(file, parseMesh(words.join(" "), "the command line"));
  const meshes = trustedMeshes(process.env, findServer(options, process.env));
  await print(options.format, { file, meshes }, ({ meshes: known }) => render(known, file));
}

function render(known: readonly TrustedMesh[], file: string): string {
  if (known.length === 0)
    return `No mesh is known (${file}). Whoever keeps one gives you its line: \`baton trust mesh-… U…\`.\n`;
  const lines = known.map(({ name, receiptKeys }) =>
    receiptKeys.length === 0
      ? `${name}  without a key: its receipts can't be checked`
      : `${name}  ${receiptKeys.join(" ")}`,
  );
  return `${lines.join("\n")}\n`;
}
