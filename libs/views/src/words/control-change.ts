/** What changed in the mesh's controls, in one sentence made from its facts. */
import type { ControlAbout, Controls, IncidentScope } from "@baton/contracts";

import { foreignText } from "./foreign-text.ts";

type Kinds = { readonly [K in ControlAbout["kind"]]: Extract<ControlAbout, { kind: K }> };

/** The sentence. */
export function controlChangeText(controls: Controls): string {
  return say(controls, controls.about.kind, controls.about);
}

function say<K extends ControlAbout["kind"]>(controls: Controls, kind: K, about: Kinds[K]): string {
  return Object.hasOwn(SAYS, kind) ? SAYS[kind](controls, about) : foreignText(about);
}

/** Who did it and why: a person, or the coordinator that engaged the kill switch. */
function who({ cause, killSwitch }: Controls): { readonly by: string; readonly why: string } {
  if (cause.kind === "command") return cause;
  return killSwitch ?? { by: "nobody", why: "no reason given" };
}

const SAYS: {
  readonly [K in ControlAbout["kind"]]: (controls: Controls, about: Kinds[K]) => string;
} = {
  made: () => "The mesh was made",
  engaged: (controls) => {
    const { by, why } = who(controls);
    return `Kill switch engaged by ${by}: ${why}`;
  },
  "kept-engaged": (controls, { takenBack }) => {
    const { by, why } = who(controls);
    return `Kill switch stays engaged, says ${by}: ${why}. Taken back: its release by ${takenBack.join(", ")}`;
  },
  "release-asked": (controls, { until }) => {
    const { by, why } = who(controls);
    return `Release of the kill switch asked for by ${by}: ${why}. A second person is needed by ${until}`;
  },
  released: (controls, { by, since, engagedBy }) =>
    `Kill switch released by ${by.join(" and ")}: ${who(controls).why}. It was engaged since ${since} by ${engagedBy}`,
  "incident-opened": (controls, { id, class: kind, scope }) => {
    const { by, why } = who(controls);
    return `Incident ${id} of class ${kind} opened on ${scopeText(scope)} by ${by}: ${why}`;
  },
  "incident-closed": (controls, { id }) => {
    const { by, why } = who(controls);
    return `Incident ${id} closed by ${by}: ${why}`;
  },
  emergency: (controls, { id, task, ticket, scope, until }) =>
    `Emergency on ${id} under ${ticket} by ${who(controls).by}: ${scope} may be changed outside Git until ${until}; ${task} brings the change back`,
  "task-closed": (controls, { id, ticket, scope, commit }) => {
    const { by, why } = who(controls);
    return `${id} closed by ${by}: ${scope}'s change under ${ticket} is in Git as ${commit}. ${why}`;
  },
  "emergencies-over": (_, { of }) =>
    `Emergency over: ${of.map(({ id, ticket }) => `${id} (${ticket})`).join(", ")}`,
  epoch: (controls, { n, lost }) => {
    const { by, why } = who(controls);
    return `Epoch ${n} begins under an engaged kill switch: history was lost (${lost}), accepted by ${by}: ${why}`;
  },
};

/** What an incident freezes, in words. */
export function scopeText(scope: IncidentScope): string {
  switch (scope.kind) {
    case "all":
      return "everything";
    case "lane":
      return scope.lane;
    case "candidate":
      return scope.candidateId;
  }
}
