/** `baton check`: J1 to J9 on a mesh that runs, by the program that checks the dry run. */
import { join, resolve } from "node:path";

import { findServer, meshDirectory } from "@baton/client";
import { checkOutside, type InvariantFinding, ROOT } from "@baton/local-mesh";
import { colors, print } from "@baton/terminal";
import { printable } from "@baton/text/printable";
import { UserError, EXIT } from "@baton/text/user-error";

import type { Globals } from "../globals.ts";

/** Checks and prints; exit code 5 if one doesn't hold. Throws `UserError` if it can't look. */
export async function check(options: Globals & { readonly playbook?: string }): Promise<void> {
  const { up } = findServer(options, process.env);
  if (!up) throw notHere();
  const directory = meshDirectory(up.dataDir);
  const found = await checkOutside({
    natsUrl: up.natsUrl,
    directory,
    playbook: resolve(options.playbook ?? join(ROOT, "playbooks/baton.yaml")),
    receipts: [],
    settled: false,
    inputFile: join(directory.root, "run", "invariants-input.json"),
  });
  if (found.some(({ ok }) => !ok)) process.exitCode = EXIT.refused;
  await print(options.format, found, renderFindings);
}

/** A line per invariant, and what breaks it below. */
function renderFindings(found: readonly InvariantFinding[]): string {
  const lines = found.flatMap(({ id, title, checked, unit, ok, violations, more }) => [
    `${ok ? colors.green("ok  ") : colors.red("FAIL")} ${id}  ${`${checked} ${unit}`.padEnd(14)} ${title}`,
    ...violations.map(({ where, what }) => `       ${printable(`${where}: ${what}`)}`),
    ...(more > 0 ? [`       and ${more} more`] : []),
  ]);
  return `${lines.join("\n")}\n`;
}

function notHere(): UserError {
  return new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: "no mesh of `baton up` runs on this machine, or another server was named",
    rule: "Git repositories and the broker's log are read as well, so they have to be here",
    action:
      "Elsewhere run libs/invariants with an input file that names them (docs/architecture.md).",
  });
}
