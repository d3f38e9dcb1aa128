/** From routes as they are written to routes as they are followed, or all that is wrong with them. */
import { MESH_REASONS, REASONS } from "@baton/contracts";

import type { RouteDocument } from "./documents.ts";
import {
  CLASSES,
  classOf,
  isRouted,
  quietUntilOverdue,
  type Route,
  type RoutedReason,
} from "./route.ts";

/** A route and what it is for; undefined: everything. */
export interface RouteRule {
  readonly reasons: ReadonlySet<RoutedReason> | undefined;
  readonly route: Route;
}

/** Holds where a route says nothing about reminders. */
export interface ReminderDefaults {
  readonly everyMs: number;
  readonly atMost: number;
}

const ROUTED = [...Object.keys(REASONS), ...MESH_REASONS].filter(isRouted);

/**
 * The route of a reason. A stopped candidate's question is answered by lifting what stops it, of which people are told by itself: a
 * route tells of such questions only if its `for` says so, otherwise only when they are overdue.
 */
export function findRoute(rules: readonly RouteRule[], reason: RoutedReason): Route {
  const rule = rules.find(({ reasons }) => reasons === undefined || reasons.has(reason));
  if (!rule) throw new Error(`no route for ${reason}: the last one must be for everything`);
  const { reasons, route } = rule;
  return !reasons && classOf(reason) === "stopped" ? quietUntilOverdue(route) : route;
}

/** Resolves those that could be read (the others are undefined); `channels` may hold undefined for one without a name. */
export function resolveRoutes(
  documents: readonly (RouteDocument | undefined)[],
  given: {
    readonly channels: readonly (string | undefined)[];
    readonly defaults: ReminderDefaults;
  },
): { routes: readonly RouteRule[]; faults: readonly string[] } {
  const faults = namesTwice(given.channels);
  const left = new Set<RoutedReason>(ROUTED);
  const routes = documents.flatMap((document, index) => {
    if (!document) return [];
    const where = `routes.${index}`;
    const reasons = document.for && reasonsOf(document.for, `${where}.for`, faults);
    const isReached = (reasons ? [...reasons] : [...left]).some((reason) => left.has(reason));
    // A route whose reasons are wrong isn't said to be never reached, too.
    if (!isReached && (!reasons || reasons.size > 0))
      faults.push(`${where}: is never reached, the routes before it match all that it's for`);
    for (const reason of reasons ?? ROUTED) left.delete(reason);
    const route = routeOf(document, given.defaults);
    faults.push(...faultsOf(route, given.channels).map((fault) => `${where}.${fault}`));
    return [{ reasons, route }];
  });
  const last = documents.at(-1);
  if (last?.for !== undefined)
    faults.push(
      `routes.${documents.length - 1}.for: the last route must be for everything, so without "for": nobody would be told otherwise`,
    );
  faults.push(...neverTold(documents, given.channels));
  return { routes, faults };
}

function routeOf(document: RouteDocument, defaults: ReminderDefaults): Route {
  const { tell, severity, reminders, levels } = document;
  return {
    tell,
    severity,
    reminderEveryMs: reminders.every ?? defaults.everyMs,
    remindersMax: reminders.atMost ?? defaults.atMost,
    levels: levels.map(({ at, also, severity: raised }) => ({ at, also, severity: raised })),
  };
}

function reasonsOf(names: readonly string[], where: string, faults: string[]): Set<RoutedReason> {
  const found = new Set<RoutedReason>();
  for (const name of names) {
    const inClass = ROUTED.filter((reason) => classOf(reason) === name);
    if (inClass.length === 0 && !isRouted(name))
      faults.push(
        `${where}: ${shown(name)} is neither ${CLASSES.join(", ")} nor a reason that people are told of (${ROUTED.join(", ")})`,
      );
    for (const reason of inClass) found.add(reason);
    if (isRouted(name)) found.add(name);
  }
  return found;
}

function faultsOf(route: Route, channels: readonly (string | undefined)[]): string[] {
  const { tell, levels, remindersMax } = route;
  const lists = [
    { where: "tell", names: tell },
    ...levels.map(({ also }, index) => ({ where: `levels.${index}.also`, names: also })),
  ];
  const unknown = lists.flatMap(({ where, names }) =>
    names
      .filter((name) => !channels.includes(name))
      .map((name) => `${where}: there's no channel ${shown(name)}`),
  );
  const unreachable = levels.flatMap(({ at }, index) => {
    const n = at === "overdue" ? 0 : Number(at.slice("reminder-".length));
    if (n <= remindersMax) return [];
    return [`levels.${index}.at: ${at} is never reached, there are ${remindersMax} reminders`];
  });
  const twice = levels.flatMap(({ at }, index) =>
    levels.findIndex((other) => other.at === at) < index
      ? [`levels.${index}.at: ${at} is listed twice`]
      : [],
  );
  return [...unknown, ...unreachable, ...twice];
}

function namesTwice(channels: readonly (string | undefined)[]): string[] {
  return channels.flatMap((name, index) =>
    name !== undefined && channels.indexOf(name) < index
      ? [`channels.${index}.name: ${shown(name)} is taken by channels.${channels.indexOf(name)}`]
      : [],
  );
}

function neverTold(
  documents: readonly (RouteDocument | undefined)[],
  channels: readonly (string | undefined)[],
): string[] {
  // A route that couldn't be read may be the one that names it.
  if (documents.includes(undefined)) return [];
  const told = new Set(
    documents.flatMap((route) => [
      ...(route?.tell ?? []),
      ...(route?.levels.flatMap(({ also }) => also) ?? []),
    ]),
  );
  return channels.flatMap((name, index) =>
    name === undefined || told.has(name)
      ? []
      : [`channels.${index}: no route tells ${shown(name)}; name it in one, or remove it`],
  );
}

function shown(text: string): string {
  return JSON.stringify(text).slice(0, 80);
}
