/** Where each stage leads, and what can be wrong with that. */
import type { Stage } from "@baton/contracts";

import { MAX_FAULTS } from "./playbook-faults.ts";
import type { PlaybookDocument } from "./playbook.ts";

/** Name of the stage that incidents lead to, where the playbook has it. */
const INCIDENT_STAGE = "incident-recovery";

interface StageEdges {
  readonly pass: Stage | null;
  readonly fail: Stage | null;
  readonly incident: Stage | null;
}

/** Resolved edges of every stage, and the stages that may start a run. */
export interface Edges {
  readonly start: readonly Stage[];
  readonly of: ReadonlyMap<Stage, StageEdges>;
}

/**
 * Fills in what the document leaves open. A start is a stage that needs neither artifact nor gate. Unless stated, pass leads
 * to the first listed stage that is neither a start, nor the incident stage, nor one that leads here by the pass edges of
 * stages listed before (upstream's monitoring lists live-ramp: that repeats by command, not by itself); fail leads back to
 * a listed start, otherwise to a listed incident stage.
 */
export function resolveEdges(document: PlaybookDocument): Edges {
  const start = document.stages
    .filter((stage) => !stage.requirePreviousArtifact && !stage.requirePreviousGatePass)
    .map((stage) => stage.stage);
  const pass = new Map<Stage, Stage | null>();
  for (const { stage, pass: stated } of document.stages) {
    const open = transitionsOf(document, stage).filter(
      (to) => !start.includes(to) && to !== INCIDENT_STAGE && !leadsTo(pass, to, stage),
    );
    pass.set(stage, stated === undefined ? (open[0] ?? null) : stated);
  }
  const of = new Map(
    document.stages.map((stage) => {
      const to = transitionsOf(document, stage.stage);
      const incident = to.includes(INCIDENT_STAGE) ? INCIDENT_STAGE : null;
      const back = to.find((name) => start.includes(name)) ?? incident;
      const fail = stage.stage === INCIDENT_STAGE ? null : back;
      return [
        stage.stage,
        {
          pass: pass.get(stage.stage) ?? null,
          fail: stage.fail === undefined ? fail : stage.fail,
          incident: stage.incident === undefined ? incident : stage.incident,
        },
      ] as const;
    }),
  );
  return { start, of };
}

/** Where the document lets `stage` go. Own keys only: a stage may be called `constructor`. */
export function transitionsOf(document: PlaybookDocument, stage: Stage): readonly Stage[] {
  const { transitions } = document;
  return Object.hasOwn(transitions, stage) ? (transitions[stage] ?? []) : [];
}

function leadsTo(pass: ReadonlyMap<Stage, Stage | null>, from: Stage, target: Stage): boolean {
  let at: Stage | null | undefined = from;
  for (let steps = 0; at && steps <= pass.size; steps += 1) {
    if (at === target) return true;
    at = pass.get(at);
  }
  return false;
}

/** Every fault of the stage graph, each naming the stages it is about (P1 to P3). */
export function graphFaults(document: PlaybookDocument, edges: Edges): string[] {
  return [
    ...nameFaults(document),
    ...startFaults(document, edges),
    ...edgeFaults(document, edges),
    ...passCycles(edges),
    ...orphans(document, edges),
  ].slice(0, MAX_FAULTS);
}

function nameFaults(document: PlaybookDocument): string[] {
  const names = document.stages.map((stage) => stage.stage);
  const known = new Set(names);
  const faults = [...known]
    .filter((name) => names.indexOf(name) !== names.lastIndexOf(name))
    .map((name) => `stages: "${name}" is defined twice`);
  for (const [from, to] of Object.entries(document.transitions)) {
    if (!known.has(from)) faults.push(`transitions.${from}: no stage of that name`);
    for (const name of to) {
      if (!known.has(name))
        faults.push(`transitions.${from}: leads to "${name}", no stage of that name`);
    }
  }
  return faults;
}

function startFaults(document: PlaybookDocument, edges: Edges): string[] {
  const faults: string[] = [];
  if (edges.start.length !== 1) {
    const found = edges.start.join(", ") || "none";
    faults.push(
      `stages: exactly one stage may need neither artifact nor gate of a previous one (the start); found: ${found}`,
    );
  }
  for (const { stage, approvals } of document.stages) {
    if (edges.start.includes(stage) && approvals)
      faults.push(
        `stages.${stage}.approvals: the start is entered by the submission itself and can't need approvals`,
      );
  }
  return faults;
}

function edgeFaults(document: PlaybookDocument, edges: Edges): string[] {
  const needsGate = new Map(
    document.stages.map((stage) => [stage.stage, stage.requirePreviousGatePass]),
  );
  const faults: string[] = [];
  for (const [stage, own] of edges.of) {
    for (const key of ["pass", "fail", "incident"] as const) {
      const to = own[key];
      if (to !== null && !transitionsOf(document, stage).includes(to))
        faults.push(`stages.${stage}.${key}: "${to}" isn't among its transitions`);
    }
    if (own.fail !== null && needsGate.get(own.fail))
      faults.push(
        `stages.${stage}.fail: leads to "${own.fail}", whose requirePreviousGatePass no failed gate can meet`,
      );
  }
  return faults;
}

function passCycles(edges: Edges): string[] {
  const cycles = new Map<string, string>();
  for (const stage of edges.of.keys()) {
    const path: Stage[] = [];
    let at: Stage | null = stage;
    while (at !== null && !path.includes(at)) {
      path.push(at);
      at = edges.of.get(at)?.pass ?? null;
    }
    if (at === null) continue;
    const cycle = path.slice(path.indexOf(at));
    const way = [...path, at].join(" -> ");
    // The way from the start, which comes first in most files, tells most.
    const key = cycle.toSorted().join();
    if (!cycles.has(key)) cycles.set(key, `stages: pass edges go in a circle: ${way}`);
  }
  return [...cycles.values()];
}

function orphans(document: PlaybookDocument, edges: Edges): string[] {
  if (edges.start.length === 0) return [];
  const reached = new Set(edges.start);
  for (const stage of reached) {
    for (const to of transitionsOf(document, stage)) reached.add(to);
  }
  return [...edges.of.keys()]
    .filter((stage) => !reached.has(stage))
    .map((stage) => `stages.${stage}: can't be reached from ${edges.start.join(", ")}`);
}
