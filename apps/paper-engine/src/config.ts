import { BrokerVariables } from "@baton/brokerage";
import { MeshName } from "@baton/contracts";
import { integerText, MeshServiceConfig, secretText, urlText } from "@baton/service";
import { z } from "zod";

/** What the paper engine reads from its environment. */
export const PaperEngineConfig = MeshServiceConfig.extend({
  /** The GitOps repository whose main branch says what runs: an absolute path or a URL without credentials. */
  BATON_GITOPS_REPO: z
    .string()
    .min(1)
    .max(1000, { error: "must be a path or URL of 1,000 characters at most" })
    .meta({ example: "/var/lib/baton/gitops.git" }),
  /** Access token for it, if it is an https URL. */
  BATON_GITOPS_TOKEN: secretText().optional(),
  BATON_BROKER_URL: urlText(["http", "https"]).meta({ example: "http://127.0.0.1:8090" }),
  /** The engine's token at the broker; best a file (BATON_BROKER_TOKEN_FILE). */
  BATON_BROKER_TOKEN: secretText(),
  ...BrokerVariables,
  /** Directory of its own: throw-away clones, and what it remembers of controls and main. Keep it. */
  BATON_WORK_DIR: z
    .string()
    .min(1)
    .max(4096, { error: "must be a path of 4,096 characters at most" })
    .meta({ example: "/var/lib/baton/engine" }),
  /** Limits of the accounts (docs/limits.md), the same file as the broker's; without it every account has the default. */
  BATON_LIMITS: z
    .string()
    .min(1, { error: "must be the path of a limits file, or not set at all" })
    .meta({ example: "/etc/baton/limits.yaml" })
    .optional(),
  /** The key registry, by which the signatures in that file are checked; without it no limit can be raised. */
  BATON_PEOPLE: z
    .string()
    .min(1, { error: "must be the path of a key registry, or not set at all" })
    .meta({ example: "/etc/baton/people.yaml" })
    .optional(),
  /** The mesh's name, for which limits are raised; without it no limit can be raised either. */
  BATON_MESH_NAME: MeshName.meta({ example: `mesh-${"0".repeat(32)}` }).optional(),
  /** How often main is looked at, in milliseconds. */
  BATON_ENGINE_POLL_MS: integerText({ min: 20, max: 60_000 }).default(500).meta({ example: "500" }),
});
export type PaperEngineConfig = z.infer<typeof PaperEngineConfig>;
