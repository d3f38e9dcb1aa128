/**
 * What of the pages in docs/reasons is made from the catalogue: the list in their README, and the sentence under each page's
 * heading. Everything else is written by hand. Pure: texts come in and go out.
 */
import { REASONS, type ReasonText } from "@baton/contracts";

const BEGIN = "<!-- The list is made by `npm run reasons`. -->";
const END = "<!-- End of the list. -->";

type State = ReasonText["state"];

const GROUPS: readonly (readonly [state: State, title: string])[] = [
  ["moving", "Moving: a lane works on it"],
  ["waiting", "Waiting: it goes on by itself"],
  ["human", "Human: a person must act"],
  ["closed", "Closed: nothing follows"],
];

/** The README with its list brought up to date. Throws if the marks around the list are gone. */
export function withList(readme: string, reasons: Readonly<Record<string, ReasonText>>): string {
  const [before, rest = ""] = readme.split(BEGIN);
  const [, after] = rest.split(END);
  if (before === undefined || after === undefined)
    throw new Error(`docs/reasons/README.md needs the lines ${BEGIN} and ${END}`);
  const tables = GROUPS.map(([state, title]) => `### ${title}\n\n${tableOf(state, reasons)}`);
  return `${before}${BEGIN}\n\n${tables.join("\n")}\n${END}${after}`;
}

/** A page with its heading and the catalogue's sentence brought up to date; what follows the first section is kept. */
export function withHead(page: string, code: string, { state, meaning }: ReasonText): string {
  const at = page.indexOf("\n## ");
  const sections = at < 0 ? "\n" : page.slice(at);
  return `# ${code}\n\n**${state}**: ${meaning}\n${sections}`;
}

/** The catalogue. */
export const CATALOGUE: Readonly<Record<string, ReasonText>> = REASONS;

function tableOf(state: State, reasons: Readonly<Record<string, ReasonText>>): string {
  const rows = Object.entries(reasons)
    .filter(([, text]) => text.state === state)
    .map(([code, { meaning, action }]) => [`[${code}](${code}.md)`, meaning, action] as const);
  const head = ["code", "meaning", "what to do"] as const;
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return line(head) + rule + rows.map(line).join("");
}
