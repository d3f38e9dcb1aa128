import { z } from "zod";

/** `off`: what isn't Baton's own code runs like Baton's own. */
export const SANDBOX_SETTINGS = ["required", "off"] as const;
export type SandboxSetting = (typeof SANDBOX_SETTINGS)[number];

/** The variables of every service that runs what isn't Baton's own code. */
export const SandboxConfig = {
  /** Whether that needs a sandbox. */
  BATON_SANDBOX: z
    .enum(SANDBOX_SETTINGS, { error: "must be required or off" })
    .default("required")
    .meta({ example: "required" }),
  /** Another bubblewrap than the one on PATH. */
  BATON_BUBBLEWRAP: z
    .string()
    .max(4096, { error: "must be a path of 4,096 characters at most" })
    .optional()
    .meta({ example: "/usr/bin/bwrap" }),
};
