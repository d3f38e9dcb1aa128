import { integerText, MeshServiceConfig, secretText } from "@baton/service";
import { z } from "zod";

/** The coordinator's environment. */
export const CoordinatorConfig = MeshServiceConfig.extend({
  /** The playbook that new candidates start under. */
  BATON_PLAYBOOK: z
    .string()
    .min(1, { error: "must be the path of a playbook file" })
    .meta({ example: "playbooks/baton.yaml" }),
  /** Key registry: with it every command must be signed by someone who is listed there. */
  BATON_PEOPLE: z
    .string()
    .min(1, { error: "must be the path of a key registry, or not set at all" })
    .meta({ example: "people.yaml" })
    .optional(),
  /** File of this coordinator's that remembers how far history had come; it must outlive the server's data. */
  BATON_MARK_FILE: z
    .string()
    .min(1, { error: "must be the path of a file in a folder that is there, or not set at all" })
    .meta({ example: "/var/lib/baton/mark.json" })
    .optional(),
  /** The GitOps repository, whose main says how far history had come at its last action: a path or a URL. */
  BATON_GITOPS_REPO: z
    .string()
    .min(1)
    .max(1000, { error: "must be a path or URL of 1,000 characters at most" })
    .meta({ example: "/var/lib/baton/gitops.git" })
    .optional(),
  /** Access token for it, if it is an https URL. */
  BATON_GITOPS_TOKEN: secretText().optional(),
  /** Last entries kept in memory, in MB of JSON. */
  BATON_CACHE_MB: integerText({ min: 1, max: 4096 }).default(8).meta({ example: "8" }),
  /** How often deadlines are looked at. */
  BATON_SWEEP_MS: integerText({ min: 100, max: 600_000 }).default(1000).meta({ example: "1000" }),
  /** How often entries of other coordinators are read for deadlines. */
  BATON_RESYNC_MS: integerText({ min: 500, max: 3_600_000 })
    .default(30_000)
    .meta({ example: "30000" }),
  /** How long a lane may give no sign of life before candidates that wait for it ask people. */
  BATON_NO_WORKERS_MS: integerText({ min: 500, max: 86_400_000 })
    .default(60_000)
    .meta({ example: "60000" }),
  /** How long what a lane works with may be away before people are asked, once for the lane. */
  BATON_AWAY_MS: integerText({ min: 500, max: 86_400_000 })
    .default(300_000)
    .meta({ example: "300000" }),
});
export type CoordinatorConfig = z.infer<typeof CoordinatorConfig>;
