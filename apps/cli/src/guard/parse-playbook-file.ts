/** A playbook file's text as a playbook, or every fault of it with path and line. */
import { faultPath, parsePlaybook, type Playbook } from "@baton/playbook";

import { jsonPath, parseJsonSource } from "./json-source.ts";

/** Either a playbook or every fault. */
export type ParsedFile =
  | { readonly ok: true; readonly playbook: Playbook }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Parses YAML 1.2, or JSON if the file is named so. */
export async function parsePlaybookFile(text: string, isJson: boolean): Promise<ParsedFile> {
  const { document, lineOf, faults } = await parseDocument(text, isJson);
  if (faults.length > 0) return { ok: false, faults };
  const result = parsePlaybook(document);
  if (result.ok) return result;
  const lines = await lineOf();
  const located = result.faults.map((fault) => `${fault}${lines(faultPath(fault, document))}`);
  return { ok: false, faults: located };
}

type Path = readonly (string | number)[];

interface Parsed {
  readonly document: unknown;
  readonly faults: readonly string[];
  /** Words for the line of a path, or of the deepest part of it that there is. */
  readonly lineOf: () => Promise<(path: Path) => string>;
}

async function parseDocument(text: string, isJson: boolean): Promise<Parsed> {
  if (isJson) {
    const source = parseJsonSource(text);
    if (!source.ok) return { document: undefined, faults: [source.fault], lineOf: noLines };
    const { value: document, where, faults } = source;
    const line = (path: Path): string => where(path).slice(jsonPath(path).length);
    return { document, faults: faults(), lineOf: async () => line };
  }
  const { readYaml, YamlError, yamlLines } = await import("@baton/text");
  try {
    const document = readYaml(text, LIMITS);
    return { document, faults: [], lineOf: async () => lineWords(yamlLines(text, LIMITS)) };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const faults = [`${error.message}; ${error.action}`];
    return { document: undefined, faults, lineOf: noLines };
  }
}

const LIMITS = { maxCharacters: 1_000_000 };
const noLines = async () => () => "";

function lineWords(lineOf: (path: Path) => number | undefined): (path: Path) => string {
  return (path) => {
    const line = lineOf(path);
    return line === undefined ? "" : ` (line ${line})`;
  };
}
