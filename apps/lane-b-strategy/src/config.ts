import { tmpdir } from "node:os";
import { join } from "node:path";

import { z } from "zod";

/** Lane B's own configuration, on top of what every lane takes. */
export const LaneBConfig = {
  /** The strategy repository, bare: absolute path, or file, https, http, ssh URL without credentials. */
  BATON_STRATEGY_REPO: z.string().min(1).max(1000),
  /** Folder for throw-away clones and test runs; one service each. */
  BATON_SCRATCH_DIR: z
    .string()
    .min(1)
    .default(() => join(tmpdir(), "baton-lane-b")),
};
