import { expect, test } from "vitest";

import { eventually } from "./eventually.ts";

test("it answers with what the condition gave once it held", async () => {
  const answers = [undefined, null, false, "there"];
  const what = "an answer";
  await expect(eventually(() => answers.shift(), { what, everyMs: 1 })).resolves.toBe("there");
  expect(answers).toEqual([]);
});

test("zero and the empty string are answers too", async () => {
  await expect(eventually(() => 0, { what: "a number" })).resolves.toBe(0);
  await expect(eventually(() => "", { what: "a text" })).resolves.toBe("");
});

test("an error counts as not yet", async () => {
  let looks = 0;
  const condition = async (): Promise<number> => {
    looks += 1;
    if (looks < 3) throw new Error("not there");
    return looks;
  };
  await expect(eventually(condition, { what: "it", everyMs: 1 })).resolves.toBe(3);
});

test("at the deadline it says what was waited for and what the last look gave", async () => {
  const failing = eventually(() => Promise.reject(new Error("ECONNREFUSED")), {
    what: "the broker answers",
    withinMs: 30,
    everyMs: 5,
  });
  await expect(failing).rejects.toThrow(
    "not within 30 ms: the broker answers; last look: ECONNREFUSED",
  );
});

test("a look that hangs doesn't outlive the deadline", async () => {
  const hanging = eventually(() => new Promise<true>(() => undefined), {
    what: "it",
    withinMs: 20,
  });
  await expect(hanging).rejects.toThrow("not within 20 ms: it; last look: none was answered");
});
