/** What a playbook asks of approvals. */
import { Role } from "@baton/contracts";
import { z } from "zod";

/** Roles of which one is needed. */
export const Roles = z.array(Role).min(1).max(16);

/** Seconds that an approval counts, unless the playbook says otherwise. */
export const APPROVAL_SECONDS = 86_400;

/** Approvals a stage needs before it is dispatched. */
export const ApprovalRule = z.strictObject({
  required: z.int().min(1).max(5),
  /** Only where the value at this path of the specification is one of these; where the path is absent, approval is needed. */
  when: z
    .strictObject({ path: z.string().min(1).max(120), in: z.array(z.string()).min(1).max(20) })
    .optional(),
  /** True: who submitted the candidate can't approve it. */
  notAuthor: z.boolean().default(true),
  /** One of these is needed to approve; without it `answers.approve` says. */
  roles: Roles.optional(),
  /** May be written down, can't be switched off. */
  distinct: z
    .literal(true, { error: "approvals always are by different people: true, or leave it out" })
    .default(true),
  /** An approval that is older when the last one comes doesn't count. */
  expiresSeconds: z
    .number()
    .min(1)
    .max(90 * 86_400)
    .default(APPROVAL_SECONDS),
});
export type ApprovalRule = z.infer<typeof ApprovalRule>;
