import type { HealthCheck, ServiceView } from "../services/read-services.ts";
import { ageText } from "../time-text.ts";
/** The processes themselves: who is missing, frozen, not ready or dies again and again, and what each says of what it needs. */
import { fault, type Finding, ok, remark } from "./finding.ts";
import type { World } from "./world.ts";

/** A mesh does its work without them, but people hear or see less. */
const WATCHERS: readonly string[] = ["metrics"];
/** Who ended so lately, and has so often, will end again. */
const RESTARTS = { atLeast: 3, withinMs: 120_000 } as const;

/** Every service by its own answer. */
export async function examineServices({ services, dataDir }: World): Promise<Finding[]> {
  const now = Date.now();
  return (await services()).flatMap((view) => serviceFindings(view, { now, dataDir }));
}

/** What one service's answers mean; `now` in milliseconds since 1970, by our clock. */
export function serviceFindings(
  view: ServiceView,
  { now, dataDir }: { readonly now: number; readonly dataDir: string | undefined },
): Finding[] {
  const { name, processes, up } = view;
  const log = dataDir === undefined ? "its log" : `its log ${dataDir}/logs/${name}.log`;
  const restarting = up === undefined ? [] : restartFindings(name, up, { now, log });
  if (processes.length === 0) return [...restarting, ...silentFindings(view, log)];
  const findings = processes.flatMap(({ pid, host, checks }) => {
    const who = processes.length === 1 ? "" : `process ${pid} on ${host}: `;
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
        .filter((check) => check.ok && check.reason !== null)
        .map((check) =>
          remark(name, `${who}${textOf(check)}`, `Mend what it says; ${log} says more.`),
        ),
    ];
  });
  if (findings.length > 0) return [...restarting, ...findings];
  const started = Math.max(...processes.map(({ startedAt }) => Date.parse(startedAt)));
  const since = `for ${ageText(now - started)}`;
  const ready =
    processes.length === 1 ? `ready, runs ${since}` : `${processes.length} processes, all ready`;
  return [...restarting, ok(name, ready)];
}

function textOf({ name, reason }: HealthCheck): string {
  return `${name}: ${reason ?? "not ok"}`;
}

function silentFindings({ name, up }: ServiceView, log: string): Finding[] {
  if (up?.pid !== undefined) {
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
  { restarts, lastEnd }: NonNullable<ServiceView["up"]>,
  { now, log }: { readonly now: number; readonly log: string },
): Finding[] {
  if (lastEnd === undefined || restarts < RESTARTS.atLeast) return [];
  const ago = now - Date.parse(lastEnd.time);
  if (ago > RESTARTS.withinMs) return [];
  const found = `was started again ${restarts} times, last ${ageText(ago)} ago after it ended with ${lastEnd.how}`;
  return [fault(name, found, `Read the end of ${log} and mend what it says.`)];
}
