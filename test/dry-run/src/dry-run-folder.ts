/** Where a dry run keeps its evidence: a folder of its own per run. */
import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { isHeldByOther } from "@baton/client";
import { makeFolder, refuseForeign } from "@baton/files";
import { ROOT } from "@baton/local-mesh";
import { UserError, EXIT } from "@baton/text/user-error";

/** Older ones in the usual place are removed. */
const KEPT = 10;
const USUAL = join(ROOT, ".baton/dry-run");
/** What the usual place's folders are called; nothing else is ever removed. */
const NAME = /^\d{8}-\d{6}(-seed-\d+)?$/;

/** A dry run's folder. */
export interface DryRunFolder {
  readonly path: string;
  readonly parent: string;
  readonly name: string;
}

/** Makes the folder: the one that's named, which must be empty or new, or a new one in the usual place. */
export function newRunFolder(options: {
  readonly data: string | undefined;
  readonly seed: number | undefined;
  readonly now: Date;
}): DryRunFolder {
  const { data, seed, now } = options;
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  const usual = join(USUAL, seed === undefined ? stamp : `${stamp}-seed-${seed}`);
  const path = data === undefined ? usual : resolve(data);
  makeFolder(path);
  refuseForeign(path);
  if (readdirSync(path).length > 0) {
    throw new UserError({
      code: "E_CONFLICT",
      exit: EXIT.conflict,
      message: "the folder isn't empty",
      value: path,
      rule: "a dry run starts from nothing",
      action: "Name a new folder by --data, or leave it out.",
    });
  }
  if (data === undefined) removeOld();
  return { path, parent: dirname(path), name: basename(path) };
}

function removeOld(): void {
  const old = readdirSync(USUAL)
    .filter((name) => NAME.test(name))
    .toSorted()
    .slice(0, -KEPT)
    .filter((name) => !isHeldByOther(join(USUAL, name, "mesh/up.json")));
  for (const name of old) rmSync(join(USUAL, name), { recursive: true, force: true });
}
