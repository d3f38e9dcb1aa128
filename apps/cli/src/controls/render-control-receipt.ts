/** Receipts of commands about the whole mesh: what was decided, what it means now, what comes next. Pure. */
import type { ControlCommand, ControlCommandType, Controls, Incident } from "@baton/contracts";
import { printable } from "@baton/text/printable";

import type { Controlled } from "./send-control.ts";

type Line = readonly [label: string, text: string];

/** A receipt in a few lines. */
export function renderControlReceipt(
  { id, type }: Pick<ControlCommand, "id" | "type">,
  { outcome, controls }: Controlled,
): string {
  const { sequence, time, duplicate, detail } = outcome;
  const head: Line = [
    duplicate ? "already" : headOf(type, controls),
    `CONTROLS ${sequence}  ${time}`,
  ];
  const said: Line = ["", duplicate ? alreadyText(controls) : detail];
  const lines = [head, said, ...meaningOf(type, id, controls)];
  return lines.map(([label, text]) => `${label.padEnd(10)} ${printable(text)}\n`).join("");
}

/** The latest entry says how it came to be so only by chance: what is sure is what holds. */
function alreadyText(controls: Controls | null): string {
  const { by, time, why } = controls?.killSwitch ?? {};
  return by === undefined
    ? "it was so before; nothing changed"
    : `the kill switch is engaged since ${time} by ${by}: ${why}; nothing changed`;
}

function headOf(type: ControlCommandType, controls: Controls | null): string {
  switch (type) {
    case "kill-switch":
      return "engaged";
    case "release-kill-switch":
      return controls?.killSwitch === null ? "released" : "asked";
    case "incident":
      return "opened";
    case "emergency":
      return "declared";
    case "close-incident":
    case "close-task":
      return "closed";
    case "accept-loss":
      return "accepted";
  }
}

function meaningOf(type: ControlCommandType, commandId: string, controls: Controls | null): Line[] {
  switch (type) {
    case "kill-switch":
      return [
        [
          "stops",
          "new orders, every promotion and what leads up to it, on every replica within a second",
        ],
        [
          "passes",
          "cancels, closes that reduce a position, recovery, research, build, backtest and gates",
        ],
        ["next", "two people release it: `baton kill-switch release --why …`"],
      ];
    case "release-kill-switch":
      return releaseLines(controls);
    case "incident": {
      const made = controls?.incidents.find((one) => one.commandId === commandId);
      if (!made) return [];
      return [
        ["incident", made.id],
        ["stops", stopsText(made)],
        [
          "next",
          `\`baton get controls\` shows who has recovered; then \`baton incident close ${made.id} --why …\``,
        ],
      ];
    }
    case "close-incident":
    case "close-task":
      return endedLines(controls);
    case "accept-loss":
      return [
        [
          "stops",
          "orders that increase a position and every promotion: the kill switch is engaged",
        ],
        ["check", "`baton doctor` lists what runs and what no entry accounts for"],
        ["next", "two people release it: `baton kill-switch release --why …`"],
      ];
    case "emergency": {
      const task = controls?.tasks.find((one) => one.commandId === commandId);
      if (!task) return [];
      return [
        ["task", `${task.id}: no promotion until the change is in Git`],
        ["next", `\`baton close-task ${task.id} --commit SHA --why …\``],
      ];
    }
  }
}

/** Recovery is no mere stop: people should know it before they open the next one. */
function stopsText({ scope }: Incident): string {
  const recovery = "goes to recovery, which takes it off main";
  if (scope.kind === "candidate") return `${scope.candidateId}: it ${recovery}`;
  const whose = scope.kind === "lane" ? ` there` : "";
  return `everybody before the next stage${whose}; what was promoted in an open run${whose} ${recovery}`;
}

/** What holds besides: ending one thing lets nobody go on whom another one stops. */
function stillLines({ killSwitch, incidents, tasks }: Controls): Line[] {
  const lines: (Line | false)[] = [
    killSwitch !== null && ["still", "the kill switch is engaged"],
    incidents.length > 0 && ["still", `open: ${incidents.map(({ id }) => id).join(", ")}`],
    tasks.length > 0 && [
      "still",
      `not in Git, so nothing is promoted: ${tasks.map(({ id }) => id).join(", ")}`,
    ],
  ];
  return lines.filter((line) => line !== false);
}

const GOES_ON: Line = ["next", "what waited for it goes on by itself; `baton watch` shows it"];

function endedLines(controls: Controls | null): Line[] {
  return controls ? [GOES_ON, ...stillLines(controls)] : [];
}

function releaseLines(controls: Controls | null): Line[] {
  if (!controls) return [];
  const [asked] = controls.killSwitch?.releases ?? [];
  if (asked) {
    return [
      ["needs", `a second person, by ${asked.expires}: \`baton kill-switch release --why …\``],
      ["meanwhile", "it stays engaged; `baton kill-switch engage --why …` takes the release back"],
    ];
  }
  return endedLines(controls);
}
