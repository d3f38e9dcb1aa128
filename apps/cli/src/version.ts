/** Which Baton this is. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
/** Git answers at once or not at all. */
const WITHIN_MS = 2000;

/**
 * `0.0.0+<commit>`, with `.changed` where files differ from it. What was built from a commit and has no repository around it says
 * so by BATON_VERSION; `0.0.0` where nothing is known.
 */
export function readVersion(env: NodeJS.ProcessEnv = process.env): string {
  const built = env["BATON_VERSION"] ?? "";
  if (/^[0-9A-Za-z.+-]{1,64}$/.test(built)) return built;
  // A repository further up is somebody else's.
  if (!existsSync(join(ROOT, ".git"))) return "0.0.0";
  const { stdout } = spawnSync(
    "git",
    ["-C", ROOT, "describe", "--always", "--exclude=*", "--abbrev=12", "--dirty=.changed"],
    { encoding: "utf8", timeout: WITHIN_MS, stdio: ["ignore", "pipe", "ignore"] },
  );
  const commit = /^[0-9a-f]{12}(?:\.changed)?$/.exec((stdout ?? "").trim())?.[0];
  return commit === undefined ? "0.0.0" : `0.0.0+${commit}`;
}
