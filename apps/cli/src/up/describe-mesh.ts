/** A running mesh in words. */
import { relative } from "node:path";

import type { MeshDirectory, MeshState } from "@baton/client";
import type { Identity } from "@baton/contracts";
import { OTHERS } from "@baton/local-mesh";
import type { ServiceEvent } from "@baton/supervisor";
import { printable } from "@baton/text/printable";
import { renderTable } from "@baton/views";
import { createLogUpdate } from "log-update";

/** What is told beside the state. */
interface Told {
  readonly directory: MeshDirectory;
  /** How long starting took. */
  readonly seconds: number;
  readonly people: string;
  /** In whose name commands are signed with the mesh's own keys; undefined if it was given a registry. */
  readonly signer: Identity | undefined;
  /** Another mesh runs, which commands talk to unless they name this one. */
  readonly isSecond: boolean;
  /** Page of the tracing UI that runs beside it. */
  readonly traces: string | undefined;
}

/** What `baton up` prints when everything is ready. */
export function describeMesh(state: MeshState, told: Told): string {
  const { directory, seconds, people, signer, isSecond, traces } = told;
  const data = shortened(directory.root);
  const baton = isSecond ? `npx baton --data ${data}` : "npx baton";
  const rows = Object.entries(state.pids).map(([name, pid]) => [
    name,
    state.addresses[name] ?? (name === "nats-server" ? state.natsUrl : ""),
    String(pid),
  ]);
  const sync = state.syncAlways
    ? "every acknowledged write is on the disk"
    : "writes are synced every two minutes: a power loss can lose acknowledged ones";
  return [
    renderTable([{ heading: "SERVICE" }, { heading: "ADDRESS" }, { heading: "PID" }], rows, 120),
    `ready in ${seconds.toFixed(1)} s`,
    `data  ${data} (${sync})`,
    `who   ${shortened(people)}${signer === undefined ? "" : `: you sign as ${printable(signer)}; ${OTHERS.map((name) => `--as ${name}`).join(" and ")} answer as others`}`,
    `logs  ${shortened(directory.logs)}`,
    ...(traces === undefined
      ? []
      : [`traces ${traces}; \`${baton} trace ID\` prints a run's link`]),
    ...(isSecond
      ? [`use   ${baton} …: without --data commands talk to the mesh that runs already`]
      : []),
    `try   ${baton} submit examples/candidates/trend.yaml, then ${baton} watch`,
    "Ctrl-C stops it.",
    "",
  ].join("\n");
}

/** A line on the terminal that says how far starting has come; nothing elsewhere. */
export interface StartingLine extends Disposable {
  note(this: void, event: ServiceEvent): void;
  end(this: void): void;
}

/** Shows the line; `silent` or no terminal: shows nothing. */
export function startingLine(services: number, { silent }: { silent: boolean }): StartingLine {
  const shown = process.stderr.isTTY && !silent;
  const line = createLogUpdate(process.stderr);
  const ready = new Set<string>();
  let latest = "nats-server";
  const draw = (): void => line(`starting: ${ready.size} of ${services} ready (${latest})`);
  let ended = !shown;
  if (shown) draw();
  const end = (): void => {
    if (!ended) line.clear();
    ended = true;
  };
  return {
    note: (event) => {
      if (ended) return;
      if (event.kind === "ready") ready.add(event.service);
      latest = event.service;
      draw();
    },
    end,
    [Symbol.dispose]: end,
  };
}

function shortened(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}
