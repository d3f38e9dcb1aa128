/** Where each stage leads, and what can be wrong with that. */
import type { Stage } from "@baton/contracts";

import type { PlaybookDocument } from "./playbook.ts";

/** Name of the stage that incidents lead to, where the playbook has it. */
export const INCIDENT_STAGE = "incident-recovery";

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
 * to the first listed stage that is neither a start, nor the incident stage, nor one that leads here by pass edges
 * (upstream's monitoring lists live-ramp: that repeats by command, not by itself); fail leads back to a listed start,
 * otherwise to a listed incident stage.
 */
export function resolveEdges(document: PlaybookDocument): Edges {
  const start = document.stages
    .filter((stage) => !stage.requirePreviousArtifact && !stage.requirePreviousGatePass)
    .map((stage) => stage.stage);
  const pass = new Map<Stage, Stage | null>();
  for (const stage of document.stages) {
    const open = (document.transitions[stage.stage] ?? []).filter(
      (to) => !start.includes(to) && to !== INCIDENT_STAGE && !leadsTo(pass, to, stage.stage),
    );
    pass.set(stage.stage, stage.pass === undefined ? (open[0] ?? null) : stage.pass);
  }
  const of = new Map(
    document.stages.map((stage) => {
      const to = document.transitions[stage.stage] ?? [];
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

function leadsTo(pass: ReadonlyMap<Stage, Stage | null>, from: Stage, target: Stage): boolean {
  let at: Stage | null | undefined = from;
  for (let steps = 0; at && steps <= pass.size; steps += 1) {
    if (at === target) return true;
    at = pass.get(at);
  }
  return false;
}

/** Every fault of the stage graph, each naming the stages it is about (P1, P2). */
export function graphFaults(document: PlaybookDocument, edges: Edges): string[] {
  const names = document.stages.map((stage) => stage.stage);
  const known = new Set(names);
  const faults = names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => `stages: "${name}" is defined twice`);
  if (edges.start.length !== 1) {
    const found = edges.start.join(", ") || "none";
    faults.push(
      `stages: exactly one stage may need neither artifact nor gate of a previous one (the start); found: ${found}`,
    );
  }
  for (const [from, to] of Object.entries(document.transitions)) {
    if (!known.has(from)) faults.push(`transitions.${from}: no stage of that name`);
    for (const name of to) {
      if (!known.has(name))
        faults.push(`transitions.${from}: leads to "${name}", no stage of that name`);
    }
  }
  for (const [stage, own] of edges.of) {
    for (const key of ["pass", "fail", "incident"] as const) {
      const to = own[key];
      if (to !== null && !(document.transitions[stage] ?? []).includes(to)) {
        faults.push(`stages.${stage}.${key}: "${to}" isn't among its transitions`);
      }
    }
  }
  return faults.length > 0 ? faults : [...passCycles(edges), ...orphans(document, edges)];
}

function passCycles(edges: Edges): string[] {
  const path: Stage[] = [];
  let at = edges.start[0] ?? null;
  while (at !== null && !path.includes(at)) {
    path.push(at);
    at = edges.of.get(at)?.pass ?? null;
  }
  return at === null ? [] : [`stages: pass edges go in a circle: ${[...path, at].join(" -> ")}`];
}

function orphans(document: PlaybookDocument, edges: Edges): string[] {
  const reached = new Set(edges.start);
  for (const stage of reached) {
    for (const to of document.transitions[stage] ?? []) reached.add(to);
  }
  return [...edges.of.keys()]
    .filter((stage) => !reached.has(stage))
    .map((stage) => `stages.${stage}: can't be reached from ${edges.start.join(", ")}`);
}
