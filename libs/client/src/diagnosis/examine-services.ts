import { ageText } from "@baton/views";

import type { HealthCheck, ProcessView, ServiceView } from "../reading/read-services.ts";
/** The processes themselves: who is missing, frozen, not ready or dies again and again, and what each says of what it needs. */
import { fault, type Finding, ok, remark } from "./finding.ts";
import type { World } from "./world.ts";

/** A mesh does its work without them, but people hear or see less. */
const WATCHERS: readonly string[] = ["metrics"];
/** Who reads what is stored again and again, and the check that says what it found. */
const READERS = { name: "metrics", check: "stored" } as const;
/** Who ended so lately, and has so often, will end again; what was longer ago says nothing of it. */
const RESTARTS = { atLeast: 3, withinMs: 120_000, countedMs: 900_000 } as const;
/** A process may take so long until it answers, and until it is ready, in milliseconds. */
const STARTING_MS = { silent: 60_000, unready: 15_000 } as const;
/** The check that is not ok while a process starts or stops. */
const BEING_STARTED = "service";

/** Every service by its own answer. */
export async function examineServices({ services, dataDir }: World): Promise<Finding[]> {
  const now = Date.now();
  const views = await services();
  return [
    ...views.flatMap((view) => serviceFindings(view, { now, dataDir })),
    ...storedFindings(views),
  ];
}

/** What those found who read all that is stored again and again. */
export function storedFindings(views: readonly ServiceView[]): Finding[] {
  const found = views
    .filter(({ name }) => name === READERS.name)
    .flatMap(({ processes }) => processes.flatMap(({ checks }) => checks))
    .find(({ name, reason }) => name === READERS.check && reason !== null);
  if (!found) return [];
  const repair =
    "`baton doctor --deep` names each, and what it can be made again from. Approve nothing that rests on it before.";
  return [fault("stored", found.reason ?? "", repair)];
}

/** What one service's answers mean; `now` in milliseconds since 1970, by our clock. */
export function serviceFindings(
  view: ServiceView,
  { now, dataDir }: { readonly now: number; readonly dataDir: string | undefined },
): Finding[] {
  const { name, processes, up } = view;
  const log = dataDir === undefined ? "its log" : `its log ${dataDir}/logs/${name}.log`;
  const restarting = up === undefined ? [] : restartFindings(name, up, { now, log });
  if (processes.length === 0) return [...restarting, ...silentFindings(view, { now, log })];
  const findings = processes.flatMap((process) => {
    const { pid, host, checks } = process;
    const who = processes.length === 1 ? "" : `process ${pid} on ${host}: `;
    if (isStarting(process, now))
      return [remark(name, `${who}is starting for ${ageText(ageOf(process, now))}`)];
    return [
      ...checks
        .filter((check) => !check.ok)
        .map((check) =>
          fault(
            name,
            `isn't ready: ${who}${textOf(check)}`,
            `Mend what it says; ${log} says more.`,
          ),
        ),
      ...checks
        .filter((check) => check.ok && check.reason !== null && !isStored(name, check))
        .map((check) =>
          remark(name, `${who}${textOf(check)}`, `Mend what it says; ${log} says more.`),
        ),
    ];
  });
  if (findings.length > 0) return [...restarting, ...findings];
  const [first] = processes;
  const age = first === undefined || first.startedAt === null ? undefined : ageOf(first, now);
  const since = age === undefined ? "answers" : `ready, runs for ${ageText(age)}`;
  const ready = processes.length === 1 ? since : `${processes.length} processes, all ready`;
  return [...restarting, ok(name, ready)];
}

function ageOf({ startedAt }: ProcessView, now: number): number {
  return startedAt === null ? Number.POSITIVE_INFINITY : now - Date.parse(startedAt);
}

function isStarting(process: ProcessView, now: number): boolean {
  const young = ageOf(process, now) < STARTING_MS.unready;
  return young && process.checks.some(({ name, ok: isWell }) => name === BEING_STARTED && !isWell);
}

/** That is a fault of its own: see `storedFindings`. */
function isStored(service: string, check: HealthCheck): boolean {
  return service === READERS.name && check.name === READERS.check;
}

function textOf({ name, reason }: HealthCheck): string {
  return `${name}: ${reason ?? "not ok"}`;
}

function silentFindings(
  { name, up }: ServiceView,
  { now, log }: { readonly now: number; readonly log: string },
): Finding[] {
  if (up?.pid !== undefined) {
    const age = up.startedAt === undefined ? Number.NaN : now - Date.parse(up.startedAt);
    if (up.isStarting && age < STARTING_MS.silent)
      return [remark(name, `its process ${up.pid} is starting for ${ageText(age)}`)];
    const repair = `\`baton restart ${name}\`; then read ${log}.`;
    return [fault(name, `its process ${up.pid} runs and doesn't answer: it hangs`, repair)];
  }
  const found = "no process of it answers";
  if (WATCHERS.includes(name))
    return [remark(name, found, `Start ${name}: nobody shows what happens to Prometheus.`)];
  const repair =
    up === undefined
      ? `Start ${name}, or \`nats-server --signal reload\` with an access.conf of this release.`
      : `It is started again; read ${log}.`;
  return [fault(name, found, repair)];
}

function restartFindings(
  name: string,
  { faults }: NonNullable<ServiceView["up"]>,
  { now, log }: { readonly now: number; readonly log: string },
): Finding[] {
  const counted = faults.filter(({ time }) => now - Date.parse(time) < RESTARTS.countedMs);
  const last = counted.at(-1);
  if (last === undefined || counted.length < RESTARTS.atLeast) return [];
  const ago = now - Date.parse(last.time);
  if (ago > RESTARTS.withinMs) return [];
  const found = `ended ${counted.length} times by itself and was started again, last ${ageText(ago)} ago after it ended with ${last.how}`;
  return [fault(name, found, `Read the end of ${log} and mend what it says.`)];
}
