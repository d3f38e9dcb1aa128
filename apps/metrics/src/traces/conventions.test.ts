/** Names and attributes of spans, over the conventions' own list and over what a run can come to. */
import { causedBy, reported, stored, askedBy, START_MS } from "@baton/testkit";
import { runSpansOf } from "@baton/views";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { expect, test } from "vitest";

const review = { openedAt: "2026-03-01T12:00:00.000Z", next: "check", evidence: null };
const history = {
  entries: [
    stored(1, 0),
    stored(2, 110, { reason: "RETRY_BACKOFF", awaits: 1, attempt: 1, cause: causedBy(1, 100) }),
    stored(3, 2050, {
      holder: "review",
      reason: "APPROVAL_REQUIRED",
      awaits: null,
      review: {
        ...review,
        answers: [{ command: "approve", roles: ["risk"], people: 2, notBy: "ada" }],
      },
      cause: causedBy(2, 2000, 3),
    }),
    stored(4, 9000, { stage: "check", reason: "APPROVED", cause: askedBy("bob", "approve") }),
    stored(5, 9100, {
      stage: "check",
      holder: "closed",
      reason: "CANCELLED",
      awaits: null,
      cause: askedBy("bob", "cancel"),
    }),
  ],
  reports: [
    reported(1, { answers: 1, startedMs: 10, storedMs: 100, failedWith: "E_DATA_UNAVAILABLE" }),
    reported(2, { answers: 1, startedMs: 1100, storedMs: 2000, attempt: 3 }),
  ],
};
const spans = runSpansOf(history, "run-sample");

test("attributes that aren't Baton's own are ones of the conventions", () => {
  const known = new Set<unknown>(Object.values(conventions));
  const used = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)));
  const foreign = [...used].filter((key) => !key.startsWith("baton.") && !known.has(key));
  expect(foreign).toEqual([]);
  expect(used.has("cicd.pipeline.task.run.result")).toBe(true);
});

test("values that the conventions list are theirs", () => {
  const known = new Set<unknown>(Object.values(conventions));
  const listed = spans.flatMap(({ attributes }) =>
    ["cicd.pipeline.result", "cicd.pipeline.task.run.result", "cicd.pipeline.run.state"].flatMap(
      (key) => attributes[key] ?? [],
    ),
  );
  expect(listed.filter((value) => !known.has(value))).toEqual([]);
});

test("a run's spans, by name, place and length", () => {
  const nameOf = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const shown = spans
    .toSorted((one, two) => one.startMs - two.startMs || two.endMs - one.endMs)
    .map(
      ({ name, parentId, startMs, endMs, error }) =>
        `${startMs - START_MS}-${endMs - START_MS} ${name} in ${nameOf.get(parentId ?? "") ?? "nothing"}${error === undefined ? "" : `, ${error}`}`,
    );
  expect(shown).toEqual([
    "0-9100 run in nothing",
    "0-9000 stage draft in run",
    "0-2050 run so far in run",
    "0-10 queue in stage draft",
    "0-0 command in stage draft",
    "10-100 attempt in stage draft, transient",
    "100-110 decide in stage draft",
    "100-110 verify in decide",
    "110-1100 retry in stage draft",
    "110-1100 attempt in retry, unanswered",
    "110-110 append in decide",
    "1100-2000 attempt in stage draft",
    "2000-2050 decide in stage draft",
    "2000-2050 verify in decide",
    "2050-9000 wait APPROVAL_REQUIRED in stage draft",
    "2050-2050 append in decide",
    "9000-9100 stage check in run",
    "9000-9100 work in stage check",
    "9000-9100 attempt in stage check",
    "9000-9000 command in stage check",
    "9100-9100 command in stage check",
  ]);
});
