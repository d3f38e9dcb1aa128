import { controlled, emergency, incidentOf } from "@baton/testkit";
import { controlChangeText } from "@baton/views";
import { describe, expect, test } from "vitest";

import { renderControlReceipt } from "./render-control-receipt.ts";

type States = ReturnType<typeof controlled>;

type Type = Parameters<typeof renderControlReceipt>[0]["type"];

const MESH = `mesh-${"0".repeat(32)}`;

/** The receipt of the last of these steps. */
function receiptOf(type: Type, states: States, duplicate = false): string {
  const { sequence, controls } = states.at(-1) ?? states[0];
  const { time, about, cause } = controls;
  const detail = controlChangeText(controls);
  if (cause.kind !== "command") throw new Error("no command");
  const outcome = { kind: "controlled", duplicate, sequence, time, about, detail } as const;
  const { commandId } = cause;
  const of = { v: 1, mesh: MESH, commandSha256: "0".repeat(64) } as const;
  const receipt = { ...of, commandId, candidateId: "mesh-controls", outcome, controls } as const;
  return renderControlReceipt({ id: commandId, type }, receipt);
}

const engage = { wish: { type: "kill-switch" } } as const;
const release = (by: string) => ({ wish: { type: "release-kill-switch" }, by }) as const;

describe("the kill switch's receipt", () => {
  test("says what stops and what passes", () => {
    expect(receiptOf("kill-switch", controlled(engage))).toBe(
      [
        "engaged    CONTROLS 1  2026-03-01T12:00:00.000Z",
        "           Kill switch engaged by ada: bad fills",
        "stops      new orders, every promotion and what leads up to it, on every replica within a second",
        "passes     cancels, closes that reduce a position, recovery, research, build, backtest and gates",
        "next       two people release it: `baton kill-switch release --why …`",
        "",
      ].join("\n"),
    );
  });

  test("engaged again tells since when it is, whatever came last", () => {
    const other = { wish: { type: "incident", class: "A", scope: { kind: "all" } } } as const;
    const text = receiptOf("kill-switch", controlled(engage, other), true);
    expect(text).toContain("already    CONTROLS 2");
    expect(text).toContain("engaged since 2026-03-01T12:00:00.000Z by ada: bad fills");
    expect(text).not.toContain("Incident");
  });

  test("of a first release asks for a second person, and until when", () => {
    const text = receiptOf("release-kill-switch", controlled(engage, release("ben")));
    expect(text).toMatch(/^asked {6}CONTROLS 2/);
    expect(text).toContain("needs      a second person, by 2026-03-01T13:00:01.000Z: ");
    expect(text).toContain("meanwhile  it stays engaged");
  });

  test("of the second one says that it's released", () => {
    const text = receiptOf(
      "release-kill-switch",
      controlled(engage, release("ben"), release("eve")),
    );
    expect(text).toMatch(/^released {3}CONTROLS 3/);
    expect(text).toContain("goes on by itself");
  });
});

test("an incident's receipt names it, and how it's closed", () => {
  const states = controlled(
    { wish: { type: "incident", class: "C", scope: { kind: "lane", lane: "lane-e" } } },
    { wish: { type: "incident", class: "A", scope: { kind: "all" } } },
  );
  const [, second] = states.at(-1)?.controls.incidents ?? [];
  expect(second?.class).toBe("A");
  expect(receiptOf("incident", states)).toContain(`incident   ${second?.id}\n`);
  expect(receiptOf("incident", states)).toContain(`\`baton incident close ${second?.id} --why …\``);
});

test("an emergency's receipt names its task; that task's receipt says what may go on", () => {
  const states = [
    { wish: { type: "incident", class: "A", scope: { kind: "all" } } },
    emergency(60),
  ] as const;
  const declared = controlled(...states);
  const taskId = declared.at(-1)?.controls.tasks[0]?.id ?? "";
  expect(receiptOf("emergency", declared)).toContain(`task       ${taskId}: no promotion`);
  const over = (last: States[0]) => ({
    wish: { type: "close-incident", incidentId: incidentOf(last) } as const,
  });
  expect(receiptOf("close-incident", controlled(...states, over))).toContain(
    `still      not in Git, so nothing is promoted: ${taskId}\n`,
  );
  const closed = controlled(...states, {
    wish: { type: "close-task", taskId, commit: "ab".repeat(20) },
    atMs: 120_000,
  });
  expect(receiptOf("close-task", closed)).toContain(
    `still      open: ${incidentOf(declared[0])}\n`,
  );
});

test("a receipt whose entry couldn't be read says what the coordinator said", () => {
  const outcome = {
    kind: "controlled",
    duplicate: false,
    sequence: 4,
    time: "2026-03-01T12:00:00.000Z",
    detail: "Release of the kill switch asked for by ben: x. A second person is needed",
  } as const;
  const of = { v: 1, mesh: MESH, commandSha256: "0".repeat(64) } as const;
  const receipt = {
    ...of,
    commandId: "cmd-sample",
    candidateId: "mesh-controls",
    outcome,
  } as const;
  const text = renderControlReceipt(
    { id: "cmd-sample", type: "release-kill-switch" },
    { ...receipt, controls: null },
  );
  expect(text).toContain("A second person is needed");
  expect(text).not.toContain("released");
});
