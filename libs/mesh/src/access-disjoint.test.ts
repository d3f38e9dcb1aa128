/** What one kind may do to the mesh, no other kind may: whole patterns are compared, not only honest subjects. */
import { expect, test } from "vitest";

import { accessOf, type Kind, KINDS } from "./access.ts";
import { DEFAULT_TOPOLOGY, planTopology } from "./topology.ts";

type Other = Exclude<Kind, "coordinator">;

const others = KINDS.filter((kind): kind is Other => kind !== "coordinator");

/** True if some subject matches both patterns. */
function overlap(one: string, two: string): boolean {
  const [left, right] = [one.split("."), two.split(".")];
  for (let index = 0; ; index += 1) {
    const [a, b] = [left[index], right[index]];
    if (a === undefined || b === undefined) return a === b;
    if (a === ">" || b === ">") return true;
    if (a !== b && a !== "*" && b !== "*") return false;
  }
}

/** Looking changes nothing, so several kinds may look at the same. */
const LOOKS = /^\$JS\.API\.(INFO|STREAM\.INFO\.|STREAM\.MSG\.GET\.|DIRECT\.GET\.|CONSUMER\.INFO\.)/;

function deedsOf(kind: Other): string[] {
  const subjects = accessOf(kind).requests.map(({ subject }) => subject);
  return subjects.filter((subject) => !LOOKS.test(subject));
}

test("patterns overlap when a subject matches both", () => {
  expect(overlap("a.*.c", "a.b.*")).toBe(true);
  expect(overlap("a.>", "a.b.c")).toBe(true);
  expect(overlap("a.*", "a.b.c")).toBe(false);
  expect(overlap("a.b.>", "a.b")).toBe(false);
  expect(
    overlap("$JS.ACK.*.*.JOURNAL.lane-f.>", "$JS.ACK.COMMANDS.coordinator-commands.*.*.*.*.*"),
  ).toBe(true);
});

test("what two kinds may do beside looking is disjoint", () => {
  const shared = others.flatMap((one, index) =>
    others.slice(index + 1).flatMap((two) =>
      deedsOf(one).flatMap((mine) =>
        deedsOf(two)
          .filter((theirs) => overlap(mine, theirs))
          .map((theirs) => `${one} ${mine} = ${two} ${theirs}`),
      ),
    ),
  );
  expect(shared).toEqual([]);
});

/** Whose work each durable holds; the rest is the coordinator's. */
function ownerOf(durable: string): Kind {
  return others.find((kind) => kind === durable) ?? "coordinator";
}

test("a durable is pulled, acknowledged and looked into by its own kind only, in every form", () => {
  const { consumers } = planTopology(DEFAULT_TOPOLOGY);
  expect(consumers).toHaveLength(11);
  for (const { stream, config } of consumers) {
    const name = `${stream}.${config.durable_name}`;
    // As the server listens: nine tokens; or eleven and more, with domain and account before the stream.
    const listens = [
      `$JS.API.CONSUMER.MSG.NEXT.${name}`,
      `$JS.ACK.${name}.*.*.*.*.*`,
      `$JS.ACK._.hash.${name}.*.*.*.*.>`,
    ];
    for (const subject of listens) {
      const may = others.filter((kind) => deedsOf(kind).some((deed) => overlap(deed, subject)));
      const owner = ownerOf(config.durable_name);
      expect([subject, may]).toEqual([subject, owner === "coordinator" ? [] : [owner]]);
    }
  }
});

test("the streams that only the coordinator writes are out of everybody's reach, and a stream's subjects are one kind's", () => {
  const writers = (subject: string): string[] =>
    others.filter((kind) => deedsOf(kind).some((deed) => overlap(deed, subject)));
  expect(writers("baton.journal.>")).toEqual([]);
  expect(writers("baton.control.>")).toEqual([]);
  expect(writers("$JS.EVENT.>")).toEqual([]);
  expect(writers("baton.command.>")).toEqual(["cli"]);
  expect(writers("$KV.>")).toEqual(["escalation"]);
  for (const kind of others)
    expect([kind, writers(`baton.report.${kind}.>`)]).toEqual([
      kind,
      kind.startsWith("lane-") ? [kind] : [],
    ]);
});
