/** `baton get services`: the mesh in one picture, by what its processes say of themselves. */
import {
  candidatesThatRun,
  examineDisk,
  type Finding,
  type HealthCheck,
  readRunning,
  readServices,
  readStandings,
  type ServiceView,
  type Session,
} from "@baton/client";
import { print, terminalWidth } from "@baton/terminal";
import { counted } from "@baton/text/counted";
import { ageText, differenceText, renderTable } from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";

/** Whose check says how something that all need is. */
const NEEDED = [
  { name: "git", by: "paper-engine", check: "gitops" },
  { name: "broker", by: "paper-engine", check: "broker" },
  { name: "disk", by: "coordinator", check: "writes" },
  { name: "channels", by: "escalation", check: "channels" },
] as const;

/** What many depend on; `ok` is null where nobody who knows answers. */
interface NeededView {
  readonly name: (typeof NEEDED)[number]["name"] | "main";
  readonly ok: boolean | null;
  readonly reason: string | null;
}

/** Services, and what they need. */
export interface MeshPicture {
  readonly services: readonly ServiceView[];
  readonly needs: readonly NeededView[];
}

/** Prints all services. */
export async function getServices(options: Globals): Promise<void> {
  await using session = await openCommandSession(options);
  const [services, disk, main] = await Promise.all([
    readServices(session),
    examineDisk({ dataDir: session.address.up?.dataDir }),
    lookAtMain(session),
  ]);
  const picture = pictureOf(services, { disk, main });
  const now = Date.now();
  await print(options.format, picture, (one) => renderServices(one, now, terminalWidth()));
}

/** What was looked at beside the services' answers. */
interface Looked {
  /** What `doctor` finds of the disk; nothing where it isn't this machine's. */
  readonly disk: readonly Finding[];
  readonly main: NeededView | undefined;
}

/** Adds what they need, as those say who ask for it; a disk that is short of room is told although they still write. */
export function pictureOf(services: readonly ServiceView[], { disk, main }: Looked): MeshPicture {
  const needs: NeededView[] = NEEDED.map(({ name, by, check }) => {
    const said = services
      .filter((one) => one.name === by)
      .flatMap(({ processes }) => processes.flatMap(({ checks }) => checks))
      .filter((one) => one.name === check);
    const worst =
      said.find(({ ok }) => !ok) ?? said.find(({ reason }) => reason !== null) ?? said[0];
    const [short] = name === "disk" ? disk.filter(({ level }) => level !== "ok") : [];
    const ok = short?.level === "fault" ? false : (worst?.ok ?? null);
    return { name, ok, reason: short?.found ?? worst?.reason ?? null };
  });
  return { services, needs: main ? [...needs, main] : needs };
}

/** Whether main has what the journal says should run; undefined where nobody here knows where main is. */
async function lookAtMain(session: Session): Promise<NeededView | undefined> {
  const name = "main";
  try {
    const { candidates } = await readStandings(session);
    const compared = await readRunning(session, candidatesThatRun(session, candidates));
    if (!compared) return undefined;
    const [first, ...more] = compared.differences;
    if (!first) return { name, ok: true, reason: null };
    const others = more.length === 0 ? "" : `, and ${counted(more.length, "more difference")}`;
    const { found } = differenceText(first, compared.repository);
    return { name, ok: false, reason: `${found}${others}: \`baton doctor\` says what to do` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return session.address.up === undefined
      ? undefined
      : { name, ok: null, reason: `can't be compared: ${why}` };
  }
}

/** The picture in `width` columns; `now` in milliseconds since 1970. */
export function renderServices(
  { services, needs }: MeshPicture,
  now: number,
  width: number,
): string {
  const columns = ["SERVICE", "READY", "FOR", "RESTARTS", "WHY"].map((heading) => ({ heading }));
  const rows = services.flatMap(({ name, processes, up }) => {
    const restarts = up === undefined ? "-" : String(up.restarts);
    if (processes.length === 0) return [[name, "no", "-", restarts, silence(up)]];
    return processes.map(({ ready, startedAt, checks }) => [
      name,
      ready ? "yes" : "no",
      startedAt === null ? "-" : ageText(now - Date.parse(startedAt)),
      restarts,
      whyOf(checks),
    ]);
  });
  const needed = needs.map(({ name, ok, reason }) => [
    name,
    ok === null ? "unknown" : ok ? "ok" : "no",
    reason ?? (ok === null ? "nobody who knows answers" : ""),
  ]);
  const below = ["NEEDS", "OK", "WHY"].map((heading) => ({ heading }));
  return `${renderTable(columns, rows, width)}\n${renderTable(below, needed, width)}`;
}

function silence(up: ServiceView["up"]): string {
  if (up?.pid === undefined) return "no process of it answers";
  return up.isStarting ? `process ${up.pid} is starting` : `process ${up.pid} doesn't answer`;
}

function whyOf(checks: readonly HealthCheck[]): string {
  return checks
    .filter(({ ok, reason }) => !ok || reason !== null)
    .map(({ name, reason }) => `${name}: ${reason ?? "not ok"}`)
    .join("; ");
}
