/** Messages for Slack and for what understands its incoming webhooks (Mattermost, Rocket.Chat). */
import type { ChannelName, Notice } from "@baton/contracts";

import type { Channel } from "./channel.ts";
import { type Links, linkFor } from "./links.ts";
import { postJson } from "./post-json.ts";

/** An incoming webhook; its address is the secret. */
export interface SlackSettings {
  readonly name: ChannelName;
  readonly url: URL;
  readonly links: Links;
  readonly scrub: (text: string) => string;
}

/** A block's text may have 3,000 characters; a context's is kept shorter to be read. */
const MAX_TEXT = 2900;
const MAX_FACTS = 1000;
const SIGNS = { info: ":information_source:", warning: ":warning:", critical: ":rotating_light:" };

/** Posts one message per notice. A message that came twice can't be told from two: Slack has no key for it. */
export function createSlackChannel({ name, url, links, scrub }: SlackSettings): Channel {
  return {
    name,
    type: "slack",
    // Slack takes about one message a second.
    maxInFlight: 1,
    deliver: (notice, signal) => {
      const body = JSON.stringify(slackMessage(notice, links));
      return postJson({ url, body, signal, scrub });
    },
  };
}

/** The message: what happened, the particulars, the one thing to do, where it belongs. */
export function slackMessage(notice: Notice, links: Links): object {
  const { kind, severity, summary, detail, action } = notice;
  const sign = kind === "resolved" ? ":white_check_mark:" : SIGNS[severity];
  const isOver = kind === "resolved";
  const sections = [
    `${sign} *${escapeText(summary, 1400)}*`,
    ...(detail === "" || isOver ? [] : [escapeText(detail)]),
    ...(action === "" || isOver ? [] : [`*Do:* ${escapeText(action, MAX_TEXT - 20)}`]),
  ];
  return {
    // Shown in notifications and where blocks aren't understood.
    text: escapeText(isOver ? summary : `${summary} ${action}`),
    unfurl_links: false,
    blocks: [
      ...sections.map((text) => ({ type: "section", text: { type: "mrkdwn", text } })),
      { type: "context", elements: [{ type: "mrkdwn", text: contextOf(notice, links) }] },
    ],
  };
}

function contextOf(notice: Notice, links: Links): string {
  const { reason, deadline, overdue, facts, traceId } = notice;
  const runbook = linkFor(notice, links.runbook);
  const trace = linkFor(notice, links.trace);
  const parts = [
    runbook === undefined ? reason : `<${escapeText(runbook)}|${reason}>`,
    ...Object.entries(facts).map(([name, value]) => `${name} ${escapeText(value, 200)}`),
    ...(deadline === null ? [] : [`${overdue ? "deadline passed" : "deadline"} ${deadline}`]),
  ];
  if (traceId !== null)
    parts.push(trace === undefined ? `trace ${traceId}` : `<${escapeText(trace)}|trace>`);
  // Whole parts only: half a link would be no link.
  while (parts.length > 1 && parts.join(" · ").length > MAX_FACTS) parts.pop();
  return parts.join(" · ");
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The three characters that Slack gives a meaning, escaped, so that nothing in a text calls people or links anywhere; `max` counts after that. */
export function escapeText(text: string, max = MAX_TEXT): string {
  let escaped = "";
  for (const character of text) {
    const next = ESCAPES[character] ?? character;
    if (escaped.length + next.length > max - 1) return `${escaped}…`;
    escaped += next;
  }
  return escaped;
}
