/** The playbook that the guard decides by, from a file: YAML or JSON, the public format or ours. */
import { extname, join } from "node:path";

import { parsePlaybook, type Playbook } from "@baton/playbook";

import { faultyInput, readInputText } from "./input-file.ts";
import { jsonPath, parseJsonSource } from "./json-source.ts";

/** A playbook and where it came from. */
export interface LoadedPlaybook {
  readonly file: string;
  readonly playbook: Playbook;
}

const MAX_BYTES = 1024 * 1024;
/** Baton's own playbook, beside the program. */
const OWN = join(import.meta.dirname, "../../../../playbooks/baton.yaml");

/** The file that is meant: the option's, else BATON_PLAYBOOK, else Baton's own. */
export function playbookFile(
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const fromEnv = env["BATON_PLAYBOOK"];
  return option ?? (fromEnv === undefined || fromEnv === "" ? OWN : fromEnv);
}

/** Reads and checks a playbook; throws `CliError` E_INVALID naming every fault with its path and line. `name` as in messages. */
export async function loadPlaybook(file: string, name = "--policy"): Promise<LoadedPlaybook> {
  const of = { name, path: file };
  const text = await readInputText({ ...of, maxBytes: MAX_BYTES });
  const { document, lineOf, faults } = await parseDocument(text, extname(file) === ".json");
  if (faults.length > 0) throw faultyInput(of, faults);
  const result = parsePlaybook(document);
  if (result.ok) return { file, playbook: result.playbook };
  const lines = await lineOf();
  throw faultyInput(
    of,
    result.faults.map((fault) => `${fault}${lines(pathIn(fault, document))}`),
  );
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
  const { parse, YAMLParseError } = await import("yaml");
  try {
    const document: unknown = parse(text, YAML_OPTIONS);
    return { document, faults: [], lineOf: () => yamlLines(text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const what = error instanceof YAMLParseError ? message.split("\n")[0] : message;
    return { document: undefined, faults: [`isn't YAML: ${what}`], lineOf: noLines };
  }
}

const YAML_OPTIONS = {
  version: "1.2",
  schema: "core",
  maxAliasCount: 50,
  logLevel: "error",
} as const;
const noLines = async () => () => "";

async function yamlLines(text: string): Promise<(path: Path) => string> {
  const { isNode, LineCounter, parseDocument: parseNodes } = await import("yaml");
  const lineCounter = new LineCounter();
  const nodes = parseNodes(text, { ...YAML_OPTIONS, lineCounter });
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = nodes.getIn(path.slice(0, length), true);
      const at = isNode(node) ? node.range?.[0] : undefined;
      if (at !== undefined) return ` (line ${lineCounter.linePos(at).line})`;
    }
    return "";
  };
}

/** The path that a fault begins with; a stage by name is found by its place. */
function pathIn(fault: string, document: unknown): Path {
  const [written = ""] = /^[^\s:]+/.exec(fault) ?? [];
  const [first = "", second = "", ...rest] = written.split(".");
  const index = first === "stages" ? stageIndex(document, second) : undefined;
  const at = index ?? second;
  return [first, ...(at === "" ? [] : [at]), ...rest].map((part) =>
    typeof part === "string" && /^[0-9]{1,6}$/.test(part) ? Number(part) : part,
  );
}

function stageIndex(document: unknown, name: string): number | undefined {
  if (typeof document !== "object" || document === null || !("stages" in document))
    return undefined;
  const { stages } = document;
  if (!Array.isArray(stages)) return undefined;
  const index = stages.findIndex((one: unknown) => {
    const isStage = typeof one === "object" && one !== null && "stage" in one;
    return isStage && one.stage === name;
  });
  return index === -1 ? undefined : index;
}
