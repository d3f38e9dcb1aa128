import { type Fields, parseFields } from "./json-fields.ts";
import type { StoredMessage } from "./read-journal.ts";
import type { ControlState, OpenIncident } from "./record.ts";

/** A message of CONTROLS as a state. Throws `WrongForm`: only a coordinator writes there. */
export function readControlState(message: StoredMessage): ControlState {
  const fields = parseFields(message.string());
  const cause = fields.object("cause");
  const killSwitch = fields.objectOrNull("killSwitch");
  return {
    sequence: message.seq,
    storedAt: message.time.getTime(),
    n: fields.number("n"),
    prev: fields.number("prev"),
    by: cause.text("kind") === "command" ? cause.text("by") : null,
    releases: killSwitch && killSwitch.objects("releases").map((one) => one.text("by")),
    incidents: fields.objects("incidents").map(incidentOf),
    tasks: fields.objects("tasks").length,
  };
}

function incidentOf(incident: Fields): OpenIncident {
  const scope = incident.object("scope");
  const kind = scope.text("kind");
  return {
    id: incident.text("id"),
    candidateId: kind === "candidate" ? scope.text("candidateId") : null,
    lane: kind === "lane" ? scope.text("lane") : null,
  };
}
