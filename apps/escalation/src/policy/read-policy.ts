/**
 * The escalation policy: which channels there are, and who is told what. Read once at the start; a change takes a restart of every
 * replica. Without a file the log is told and nobody else.
 */
import { dirname } from "node:path";

import { readOwnFile, unsafeAction } from "@baton/files";
import { EXIT, StartFailure } from "@baton/service";
import { readYaml, YamlError } from "@baton/text";
import type { z } from "zod";

import type { Links } from "../notices/links.ts";
import { type ChannelSettings, resolveChannel } from "./channel-settings.ts";
import { ChannelDocument, PolicyDocument, RouteDocument } from "./documents.ts";
import { type ReminderDefaults, type RouteRule, resolveRoutes } from "./resolve-routes.ts";
import type { Route } from "./route.ts";

/** A policy that was checked. */
export interface EscalationPolicy {
  readonly channels: readonly ChannelSettings[];
  /** The first one that matches counts; the last one matches all. */
  readonly routes: readonly RouteRule[];
  readonly links: Links;
}

const MAX_CHARACTERS = 200_000;
const MAX_FAULTS = 100;

/** What holds without a file: reminders as the environment says, an overdue review is critical. */
export function defaultPolicy({ everyMs, atMost }: ReminderDefaults): EscalationPolicy {
  const route: Route = {
    tell: [],
    severity: undefined,
    reminderEveryMs: everyMs,
    remindersMax: atMost,
    levels: [{ at: "overdue", also: [], severity: "critical" }],
  };
  return { channels: [], routes: [{ reasons: undefined, route }], links: {} };
}

/** Reads and checks the file. Throws `StartFailure` that names every fault. */
export async function readPolicy(
  file: string,
  defaults: ReminderDefaults,
): Promise<EscalationPolicy> {
  const parsed = parsePolicy(textOf(file), { folder: dirname(file), defaults });
  if (parsed.ok) return parsed.policy;
  throw refusal(file, `\n  ${parsed.faults.join("\n  ")}`, "Correct every line above.");
}

function textOf(file: string): string {
  try {
    return readOwnFile(file).toString("utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const action = unsafeAction(error, "Set BATON_ESCALATION to a readable file, or unset it.");
    throw refusal(file, why, action);
  }
}

function refusal(file: string, what: string, action: string): StartFailure {
  return new StartFailure({
    code: "E_ESCALATION",
    exitCode: EXIT.invalidInput,
    message: `escalation policy ${file}: ${what}`,
    action,
  });
}

/** The policy in a YAML text, or all that is wrong with it; paths of secrets are relative to `folder`. */
export function parsePolicy(
  text: string,
  { folder, defaults }: { folder: string; defaults: ReminderDefaults },
): { ok: true; policy: EscalationPolicy } | { ok: false; faults: readonly string[] } {
  let value: unknown;
  try {
    value = readYaml(text, { maxCharacters: MAX_CHARACTERS });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { ok: false, faults: [`${error.message}; ${error.action}`] };
  }
  const top = PolicyDocument.safeParse(value);
  const faults = top.success ? [] : issuesOf(top.error, "");
  const items = (key: string): readonly unknown[] => {
    const list = Object(value)[key];
    return Array.isArray(list) ? list.slice(0, MAX_FAULTS) : [];
  };
  const channels = items("channels").flatMap((item, index) => {
    const where = `channels.${index}`;
    const read = ChannelDocument.safeParse(item);
    if (!read.success) {
      faults.push(...issuesOf(read.error, where));
      return [];
    }
    const resolved = resolveChannel(read.data, folder);
    faults.push(...resolved.faults.map((fault) => `${where}.${fault}`));
    return [resolved.settings];
  });
  const routes = items("routes").map((item, index): RouteDocument | undefined => {
    const read = RouteDocument.safeParse(item);
    if (!read.success) faults.push(...issuesOf(read.error, `routes.${index}`));
    return read.data;
  });
  const named = items("channels").map(nameOf);
  const resolved = resolveRoutes(routes, { channels: named, defaults });
  faults.push(...resolved.faults);
  return top.success && faults.length === 0
    ? { ok: true, policy: { channels, routes: resolved.routes, links: top.data.links } }
    : { ok: false, faults: faults.slice(0, MAX_FAULTS) };
}

/** Of a channel that is wrong otherwise, too: routes that name it aren't wrong for that. */
function nameOf(channel: unknown): string | undefined {
  const isNamed = typeof channel === "object" && channel !== null && "name" in channel;
  return isNamed && typeof channel.name === "string" ? channel.name : undefined;
}

/** Values aren't told: somebody may have put a secret there. */
function issuesOf(error: z.ZodError, where: string): string[] {
  return error.issues.map(({ path, message }) => {
    const at = [where, ...path].filter((part) => part !== "").join(".");
    return at === "" ? message : `${at}: ${message}`;
  });
}
