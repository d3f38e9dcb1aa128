import { eventually } from "@baton/testkit";
import { expect, test } from "vitest";

import { listReviews, noticesOf, recordsOf, withPlayground } from "./testing/playground.ts";

test("a review is opened, listed, and resolved when a person answered it", async () => {
  await withPlayground(async ({ mesh, escalation, pause, command }) => {
    await pause("cand-0001");
    const service = escalation();
    const address = await service.ready();
    await eventually(() => noticesOf(service).length === 1, { what: "told that it is open" });
    const [opened] = noticesOf(service);
    expect(opened).toMatchObject({
      level: "warn",
      notice: "open",
      candidateId: "cand-0001",
      reason: "PAUSED",
    });
    const list: { total: number; reviews: unknown[] } = await (
      await fetch(`${address}/reviews`)
    ).json();
    expect(list.reviews).toEqual([
      expect.objectContaining({ candidateId: "cand-0001", stage: "bench-1" }),
    ]);
    await command("cand-0001", "resume");
    await eventually(() => noticesOf(service).length === 2, { what: "told that it is resolved" });
    expect(noticesOf(service)[1]).toMatchObject({
      level: "info",
      notice: "resolved",
      answer: { by: "tester", what: "resume" },
    });
    await eventually(async () => (await listReviews(address)).total === 0, { what: "list empty" });
    await eventually(async () => (await recordsOf(mesh)).get("cand-0001")?.["notice"] === null, {
      what: "settled",
    });
    expect((await recordsOf(mesh)).get("cand-0001")).toMatchObject({
      state: "answered",
      answeredBy: "tester",
    });
  });
});
