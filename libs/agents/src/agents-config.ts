/** What a lane's operator says of the programs that may do a stage's work: where they are, and how they reach a model. */
import { readOwnFile, unsafeAction } from "@baton/files";
import { GatewayConfig } from "@baton/model-gateway";
import { readYaml, YamlError } from "@baton/text";
import { z } from "zod";

const AbsolutePath = z.string().max(4096).startsWith("/", "must be an absolute path");
const MIB = 2 ** 20;

const Program = z.strictObject({
  /** The program itself. */
  path: AbsolutePath,
  /** Where else it is installed, to be read in the sandbox; its own folder is, anyway. */
  reads: z.array(AbsolutePath).max(20).default([]),
});

/** Bounds of a program's run, in MiB and by number. */
const Limits = z.strictObject({
  memoryMiB: z.int().min(64).max(1_048_576).default(4096),
  tasks: z.int().min(16).max(4096).default(512),
  openFiles: z.int().min(64).max(65_536).default(1024),
  fileMiB: z.int().min(1).max(65_536).default(256),
  scratchMiB: z.int().min(16).max(65_536).default(1024),
  outputMiB: z.int().min(1).max(1024).default(64),
});

/** The file's content. */
export const AgentsConfig = z.strictObject({
  programs: z.strictObject({ codex: Program.optional(), claude: Program.optional() }).prefault({}),
  /** Folders that programs of `plain` are in. */
  plain: z.array(AbsolutePath).max(20).default([]),
  /** How a model is reached; without it only programs without a model run. */
  gateway: GatewayConfig.optional(),
  limits: Limits.prefault({}),
});
export type AgentsConfig = z.infer<typeof AgentsConfig>;

/** Bounds as the sandbox takes them. */
export function sandboxLimits({ limits }: AgentsConfig) {
  return {
    memoryBytes: limits.memoryMiB * MIB,
    tasks: limits.tasks,
    openFiles: limits.openFiles,
    fileBytes: limits.fileMiB * MIB,
    scratchBytes: limits.scratchMiB * MIB,
    outputBytes: limits.outputMiB * MIB,
  };
}

/** The operator's file can't be obeyed. */
export class AgentsConfigFault extends Error {
  override readonly name = "AgentsConfigFault";
  readonly code = "E_AGENTS_CONFIG";
  readonly class = "deterministic";
  /** What to do next. */
  readonly action: string;

  constructor(message: string, action: string, cause?: unknown) {
    super(message, { cause });
    this.action = action;
  }
}

/** Reads the file. Throws AgentsConfigFault that names every fault. */
export function readAgentsConfig(file: string): AgentsConfig {
  let text: string;
  try {
    text = readOwnFile(file).toString("utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const action = unsafeAction(error, "Set BATON_AGENTS to a readable file.");
    throw new AgentsConfigFault(`agents ${file}: ${why}`, action, error);
  }
  let document: unknown;
  try {
    document = readYaml(text, { maxCharacters: 1_000_000 });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new AgentsConfigFault(`agents ${file}: ${error.message}`, `${error.action}.`, error);
  }
  const parsed = AgentsConfig.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new AgentsConfigFault(
    `agents ${file}: ${z.prettifyError(parsed.error)}`,
    "Correct what is named; docs/agents.md has an example.",
  );
}
