/** Which release a state of the controls is of, where it isn't this one's. */
import { originControls } from "@baton/contracts";
import { expect, test } from "vitest";

import { ControlsCorrupt, parseControls } from "./controls.ts";

const STATE = originControls("2026-01-05T12:00:00.000Z");

function refused(state: unknown): ControlsCorrupt {
  try {
    parseControls(new TextEncoder().encode(JSON.stringify(state)), 7);
  } catch (error) {
    if (error instanceof ControlsCorrupt) return error;
    throw error;
  }
  throw new Error("it was read");
}

const NEEDED = ["time", "about", "killSwitch", "incidents", "tasks", "commands"] as const;

test.each(NEEDED)("a state without %s is an older release's", (key) => {
  const { [key]: _, ...rest } = STATE;
  const error = refused(rest);
  expect(error).toMatchObject({ otherRelease: true, olderRelease: true });
  expect(error.message).toMatch(/^CONTROLS 7 is an older release's state: /);
});

test("a state of a higher version is a newer release's, and damage is neither", () => {
  expect(refused({ ...STATE, v: 2 })).toMatchObject({
    otherRelease: true,
    olderRelease: false,
  });
  for (const damaged of [{ ...STATE, n: "x" }, { v: 1 }, { ...STATE, epoch: -1 }, []])
    expect(refused(damaged)).toMatchObject({ otherRelease: false, olderRelease: false });
});
