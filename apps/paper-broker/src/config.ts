import { flagText, ServiceConfig } from "@baton/service";
import { z } from "zod";

/** What the paper broker reads from its environment. */
export const PaperBrokerConfig = ServiceConfig.extend({
  /** Directory of its own; it holds the ledger. */
  BATON_BROKER_DIR: z
    .string()
    .min(1)
    .max(4096, { error: "must be a path of 4,096 characters at most" })
    .meta({ example: "/var/lib/baton/broker" }),
  /** Allows faults on demand; never for anything that counts. */
  BATON_BROKER_FAULTS: flagText().default(false).meta({ example: "0" }),
});
