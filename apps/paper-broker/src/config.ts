import { MeshName } from "@baton/contracts";
import { flagText, secretText, ServiceConfig } from "@baton/service";
import { z } from "zod";

/** A token of somebody who may use the broker; best a file (`<NAME>_FILE`) that only its owner may read. */
function tokenText() {
  const rule = "must be 32 to 128 characters of A-Z, a-z, 0-9, '-' and '_'";
  return secretText()
    .regex(/^[A-Za-z0-9_-]{32,128}$/, { error: rule })
    .meta({ secret: true });
}

/** What the paper broker reads from its environment. */
export const PaperBrokerConfig = ServiceConfig.extend({
  /** Directory of its own; it holds the ledger. */
  BATON_BROKER_DIR: z
    .string()
    .min(1)
    .max(4096, { error: "must be a path of 4,096 characters at most" })
    .meta({ example: "/var/lib/baton/broker" }),
  /** Limits of the accounts (docs/limits.md); without it every account has the default. */
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
  /** Allows faults on demand; never for anything that counts. */
  BATON_BROKER_FAULTS: flagText().default(false).meta({ example: "0" }),
  /** Plays Alpaca for whoever brings the keys in this file (as in docs/orders.md); for tests, never for anything that counts. */
  BATON_BROKER_ALPACA: z
    .string()
    .min(1, { error: "must be the path of a file of accounts and keys, or not set at all" })
    .meta({ example: "/etc/baton/alpaca-of-tests.yaml" })
    .optional(),
  /** Whose requests are taken: each holder brings its own as BATON_BROKER_TOKEN, people the operator's. */
  BATON_BROKER_TOKEN_ENGINE: tokenText(),
  BATON_BROKER_TOKEN_LANE_E: tokenText(),
  BATON_BROKER_TOKEN_LANE_F: tokenText(),
  BATON_BROKER_TOKEN_OPERATOR: tokenText(),
});
export type PaperBrokerConfig = z.infer<typeof PaperBrokerConfig>;
