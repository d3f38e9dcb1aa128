import { SandboxConfig } from "@baton/sandbox";
import { z } from "zod";

/** Lane B's own configuration, on top of what every lane takes. */
export const LaneBConfig = {
  ...SandboxConfig,
  /** The strategy repository, bare: absolute path, or file, https, http, ssh URL without credentials. */
  BATON_STRATEGY_REPO: z.string().min(1).max(1000),
  /**
   * Folder for throw-away clones, of this service's user alone; one service each. Without it each start makes one
   * in the system's temporary folder.
   */
  BATON_SCRATCH_DIR: z.string().min(1).optional(),
  /** The agents file: programs that may write strategies, and how they reach a model (docs/agents.md). */
  BATON_AGENTS: z.string().min(1).max(4096).optional(),
};
