/** The mesh's controls in memory, changed by commands as a coordinator would. */
import {
  type ControlCommand,
  type ControlCommandType,
  type IncidentScope,
  MESH_ID,
  type StoredControls,
} from "@baton/contracts";

import type { ControlDecision, ControlFacts } from "../controls/control-step.ts";
import { decideControl } from "../controls/decide-control.ts";
import type { Playbook } from "../format/playbook.ts";

/** What is unusual about a command. */
export interface ControlWish {
  readonly by?: string;
  readonly id?: string;
  readonly scope?: IncidentScope;
  readonly incidentId?: string;
  readonly taskId?: string;
  readonly loss?: string;
  readonly candidateId?: string;
  readonly seconds?: number;
  readonly roles?: readonly string[];
  readonly facts?: Partial<ControlFacts>;
}

/** A chain of controls. */
export class MeshControls {
  readonly chain: StoredControls[] = [];
  readonly #playbook: Playbook;
  #commands = 0;

  constructor(playbook: Playbook) {
    this.#playbook = playbook;
  }

  last(): StoredControls | undefined {
    return this.chain.at(-1);
  }

  command(type: ControlCommandType, now: string, wish: ControlWish = {}): ControlDecision {
    this.#commands += 1;
    const command = commandOf(type, now, {
      id: `control-${String(this.#commands).padStart(4, "0")}`,
      ...wish,
    });
    const identity = wish.roles && { identity: { name: command.by, roles: wish.roles } };
    return this.#decide({ kind: "command", command, ...identity }, now, wish.facts);
  }

  lost({ id, text }: { id: string; text: string }, now: string): ControlDecision {
    return this.#decide({ kind: "lost", loss: id, text }, now);
  }

  expired(now: string): ControlDecision {
    return this.#decide({ kind: "expired" }, now);
  }

  /** Everything that stops or freezes is over. */
  calm(now: string): void {
    const state = () => this.last()?.controls;
    if (state()?.killSwitch)
      for (const by of ["olga", "rolf"]) this.command("release-kill-switch", now, { by });
    for (const { id } of state()?.incidents ?? [])
      this.command("close-incident", now, { incidentId: id });
    for (const { id } of state()?.tasks ?? []) this.command("close-task", now, { taskId: id });
  }

  #decide(
    happening: Parameters<typeof decideControl>[0]["happening"],
    now: string,
    facts: Partial<ControlFacts> = {},
  ): ControlDecision {
    const decision = decideControl({
      last: this.last(),
      happening,
      playbook: this.#playbook,
      facts: { candidateKnown: true, unrecovered: [], ...facts },
      now,
    });
    if (decision.kind === "append") {
      const sequence = (this.last()?.sequence ?? 0) + 1 + (this.chain.length % 2);
      this.chain.push({ sequence, controls: decision.controls });
    }
    return decision;
  }
}

function commandOf(
  type: ControlCommandType,
  time: string,
  wish: ControlWish & { id: string },
): ControlCommand {
  const { by = "olga", id } = wish;
  const common = { v: 1, id, candidateId: MESH_ID, time, by, why: "because" } as const;
  const { incidentId = "inc-000000000000", taskId = "task-000000000000" } = wish;
  const { candidateId = "cand-000001", scope = { kind: "all" } } = wish;
  switch (type) {
    case "kill-switch":
    case "release-kill-switch":
      return { ...common, type };
    case "incident":
      return { ...common, type, class: "C", scope };
    case "close-incident":
      return { ...common, type, incidentId };
    case "emergency":
      return {
        ...common,
        type,
        incidentId,
        ticket: "OPS-17",
        scope: candidateId,
        seconds: wish.seconds ?? 600,
      };
    case "close-task":
      return { ...common, type, taskId, commit: "a".repeat(40) };
    case "accept-loss":
      return { ...common, type, loss: wish.loss ?? "loss-000000000000" };
  }
}
