import { integerText, MeshServiceConfig } from "@baton/service";
import { z } from "zod";

/** The environment of the escalation service. */
export const EscalationConfig = MeshServiceConfig.extend({
  /** How often due reminders, passed deadlines and answers that were missed when they were given are looked for. */
  BATON_REVIEW_CHECK_MS: integerText({ min: 50, max: 600_000 })
    .default(5000)
    .meta({ example: "5000" }),
  /** Channels and who is told what; without it the log is told. */
  BATON_ESCALATION: z
    .string()
    .min(1, { error: "must be the path of an escalation policy, or not set at all" })
    .meta({ example: "escalation.yaml" })
    .optional(),
  /** An open review is brought up again when nobody was told for so long; a route of the policy may say otherwise. */
  BATON_REMINDER_EVERY_MS: integerText({ min: 50, max: 30 * 86_400_000 })
    .default(4 * 3_600_000)
    .meta({ example: "14400000" }),
  /** Most reminders of one review, 0 turns them off; a route of the policy may say otherwise. */
  BATON_REMINDERS_MAX: integerText({ min: 0, max: 1000 }).default(5).meta({ example: "5" }),
  /** Whoever is to tell people has so long for it, in milliseconds; after that another replica may. */
  BATON_NOTICE_LEASE_MS: integerText({ min: 200, max: 600_000 })
    .default(30_000)
    .meta({ example: "30000" }),
  /** An answered review stays readable for so long. */
  BATON_ANSWERED_KEEP_HOURS: integerText({ min: 1, max: 8760 })
    .default(168)
    .meta({ example: "168" }),
});
export type EscalationConfig = z.infer<typeof EscalationConfig>;
