/** What an escalation policy may say, as it is written in its file. */
import { ChannelName, Severity } from "@baton/contracts";
import { z } from "zod";

const MINUTE_MS = 60_000;
const UNITS = new Map([
  ["s", 1000],
  ["m", MINUTE_MS],
  ["h", 60 * MINUTE_MS],
  ["d", 1440 * MINUTE_MS],
]);
const LONGEST_MS = 30 * 1440 * MINUTE_MS;

/** Such as `90s`, `15m`, `4h` or `2d`; becomes milliseconds. */
const Duration = z.string().transform((text, context) => {
  const [, count, unit] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS.get(unit ?? "") ?? Number.NaN);
  if (ms <= LONGEST_MS) return ms;
  context.addIssue({ code: "custom", message: "must be 30s, 5m, 4h or 2d, at most 30d" });
  return z.NEVER;
});

const atMostRule = "must be a whole number from 0 to 1000";
const AtMost = z
  .int({ error: atMostRule })
  .min(0, { error: atMostRule })
  .max(1000, { error: atMostRule });
const Path = z.string().min(1).max(4096);
const Address = z.string().min(1).max(2048);
const common = {
  name: ChannelName.refine((name) => name !== "log", {
    error: "log is always told; give this channel another name",
  }),
  /** Plain HTTP to another machine, too. */
  allowHttp: z.boolean().default(false),
};

const WebhookDocument = z.strictObject({
  ...common,
  type: z.literal("webhook"),
  url: Address,
  secretFile: Path,
  /** While the secret is being changed: the request is signed with both. */
  previousSecretFile: Path.optional(),
});

const SlackDocument = z.strictObject({ ...common, type: z.literal("slack"), urlFile: Path });

const AlertmanagerDocument = z.strictObject({
  ...common,
  type: z.literal("alertmanager"),
  url: Address,
  basicAuth: z
    .strictObject({
      username: z.string().regex(/^[^:\p{C}]{1,200}$/u, "1 to 200 characters, no colon"),
      passwordFile: Path,
    })
    .optional(),
  bearerTokenFile: Path.optional(),
  labels: z
    .record(z.string(), z.string().min(1).max(200))
    .refine((labels) => Object.keys(labels).every((name) => /^[a-zA-Z_]\w{0,63}$/.test(name)), {
      error: "a label's name has a-z, A-Z, 0-9 and _ only, 64 at most, and begins with no digit",
    })
    .refine((labels) => Object.keys(labels).length <= 16, { error: "at most 16 labels" })
    .default({}),
  lifetime: Duration.default(15 * MINUTE_MS),
});

/** A channel. */
export const ChannelDocument = z.discriminatedUnion(
  "type",
  [WebhookDocument, SlackDocument, AlertmanagerDocument],
  { error: "must be webhook, slack or alertmanager" },
);
export type ChannelDocument = z.infer<typeof ChannelDocument>;

const Names = z.array(z.string().max(80)).max(16);

const LevelDocument = z.strictObject({
  at: z.custom<"overdue" | `reminder-${number}`>(
    (value) => typeof value === "string" && /^(?:overdue|reminder-[1-9]\d{0,2})$/.test(value),
    "must be overdue or reminder-1, reminder-2, …",
  ),
  also: Names.default([]),
  severity: Severity.optional(),
});

/** Who is told what. */
export const RouteDocument = z.strictObject({
  /** Classes and reasons; absent: everything. */
  for: z.array(z.string().max(80)).min(1).max(64).optional(),
  tell: Names,
  severity: Severity.optional(),
  reminders: z.strictObject({ every: Duration.optional(), atMost: AtMost.optional() }).default({}),
  levels: z
    .array(LevelDocument)
    .max(16)
    .default([{ at: "overdue", also: [], severity: "critical" }]),
});
export type RouteDocument = z.infer<typeof RouteDocument>;

const Template = z
  .string()
  .max(1000)
  .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ""), {
    error: "must be an address that begins with https:// or http://",
  })
  .refine((text) => !/[{}]/.test(text.replaceAll(/\{(?:reason|subject|traceId)\}/g, "")), {
    error: "only {reason}, {subject} and {traceId} are filled in",
  });

/** The whole file; the lists' items are checked one by one, so that a fault in one hides none in another. */
export const PolicyDocument = z.strictObject({
  channels: z.array(z.unknown()).min(1).max(15),
  routes: z.array(z.unknown()).min(1).max(64),
  links: z.strictObject({ trace: Template.optional(), runbook: Template.optional() }).default({}),
});
