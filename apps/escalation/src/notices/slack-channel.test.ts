import { expect, test } from "vitest";
import { z } from "zod";

import { noticeWith } from "../testing/notice.ts";
import { openReceiver } from "../testing/receiver.ts";
import { createSlackChannel, escapeText, slackMessage } from "./slack-channel.ts";

const Text = z.object({ type: z.literal("mrkdwn"), text: z.string().min(1).max(3000) });
const Message = z.object({
  text: z.string().min(1).max(4000),
  blocks: z
    .array(
      z.discriminatedUnion("type", [
        z.object({ type: z.literal("section"), text: Text }),
        z.object({ type: z.literal("context"), elements: z.array(Text).min(1).max(10) }),
      ]),
    )
    .max(50),
});

const textsOf = (message: object): string[] =>
  Message.parse(message).blocks.flatMap((block) =>
    block.type === "section" ? [block.text.text] : block.elements.map(({ text }) => text),
  );

test("a message says what waits, why, what to type, until when, and where to look", () => {
  const links = {
    trace: "https://traces.example/trace/{traceId}",
    runbook: "https://docs.example/runbooks#{reason}",
  };
  expect(textsOf(slackMessage(noticeWith(), links))).toEqual([
    ":warning: *cand-0001 at live-ramp waits for a person. APPROVAL_REQUIRED: The next stage needs approval.*",
    "live-ramp needs approval",
    "*Do:* Read the evidence, then `baton approve cand-0001`.",
    "<https://docs.example/runbooks#APPROVAL_REQUIRED|APPROVAL_REQUIRED> · candidateId cand-0001 · stage live-ramp · " +
      `runId run-0001 · deadline 2026-03-01T09:00:10.000Z · <https://traces.example/trace/${"a".repeat(32)}|trace>`,
  ]);
});

test("without links the reason and the trace's id stand for themselves", () => {
  const context = textsOf(slackMessage(noticeWith({ overdue: true }), {})).at(-1);
  expect(context).toContain("APPROVAL_REQUIRED · ");
  expect(context).toContain("deadline passed 2026");
  expect(context).toContain(`trace ${"a".repeat(32)}`);
});

test("a resolved review asks for nothing any more", () => {
  const summary = "cand-0001 at live-ramp waits no longer: approve by ada (APPROVAL_REQUIRED)";
  const resolved = noticeWith({ kind: "resolved", summary });
  expect(textsOf(slackMessage(resolved, {}))).toHaveLength(2);
  expect(Message.parse(slackMessage(resolved, {})).text).toBe(summary);
});

test("nothing in a text calls people or links anywhere, and the longest still fits", () => {
  const nasty = "<!channel> & <https://evil.example|click>";
  const message = slackMessage(noticeWith({ detail: nasty, summary: nasty, action: nasty }), {});
  for (const text of textsOf(message)) expect(text).not.toMatch(/<[!h]/);
  expect(textsOf(message)).toContain("&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;");
  const long = "&".repeat(1000);
  const facts = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`fact${index}`, "<".repeat(120)]),
  );
  Message.parse(slackMessage(noticeWith({ detail: long, summary: long, action: long, facts }), {}));
});

test("a cut goes through neither an entity nor a character", () => {
  expect(escapeText("ab&cd", 7)).toBe("ab…");
  expect(escapeText("ab&cd", 8)).toBe("ab&amp;…");
  expect(escapeText("🙂🙂", 3)).toBe("🙂…");
  expect(escapeText("abc")).toBe("abc");
});

test("the address, which is the secret, is in no message about a failure", async () => {
  const receiver = await openReceiver();
  const url = new URL("/services/T0/B0/verysecret", receiver.url);
  const channel = createSlackChannel({
    name: "team",
    url,
    links: {},
    scrub: (text) => text.replaceAll(url.pathname, "[redacted]"),
  });
  const body = `no_service at ${url.pathname}`;
  receiver.next({ kind: "answer", status: 404, body }, { kind: "hang up" });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const outcome = await channel.deliver(noticeWith(), AbortSignal.timeout(5000));
    expect(outcome.kind).toBe(attempt === 0 ? "refused" : "failed");
    expect(JSON.stringify(outcome)).not.toContain("verysecret");
  }
  expect(receiver.received.map(({ path }) => path)).toEqual([url.pathname, url.pathname]);
  await receiver.close();
});
