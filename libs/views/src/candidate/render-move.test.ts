import { Controls } from "@baton/contracts";
import { lastOf, instant, stored } from "@baton/testkit";
import { expect, test } from "vitest";

import { controlJson, moveJson, renderControl, renderMove } from "./render-move.ts";

const time = instant(0);
const honest = lastOf({ wish: { type: "kill-switch" } });
/** What another release wrote is taken as it is: no command could bring this in. */
const engaged = {
  sequence: honest.sequence,
  controls: Controls.parse(
    JSON.parse(
      JSON.stringify(honest.controls).replaceAll("bad fills", String.raw`bad\u001b[2J fills`),
    ),
  ),
};

test("a change of the controls is a line in the columns of the moves", () => {
  const move = renderMove(stored(7, 0), time);
  const change = renderControl(engaged, time);
  expect(change).toContain("mesh-controls      all     kill-switch");
  expect(change).toContain("(CONTROLS 1)\n");
  expect(change.indexOf("CONTROLS")).toBe(move.indexOf("SUBMITTED"));
  expect(change).not.toContain("\u001b");
});

test("for a program it's an object a line, told apart from moves by its type", () => {
  expect(JSON.parse(controlJson(engaged, time))).toMatchObject({
    type: "controls",
    sequence: 1,
    cause: { type: "kill-switch", by: "ada" },
    killSwitch: { by: "ada" },
    incidents: [],
    tasks: [],
  });
  expect(JSON.parse(moveJson(stored(7, 0), time))).not.toHaveProperty("type");
});
