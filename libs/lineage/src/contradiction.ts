/**
 * A dispatch is the only root of what is made under it: it names the specification as it was submitted by a digest, and a lane
 * can only add to that. What a lane wrote is held against the dispatch by whoever relies on it.
 *
 * R1: what an artifact says that follows from the specification is what follows from the dispatch's.
 * R2: it is about the candidate of the dispatch and the run of its own reference.
 * R3: gates are judged by the policy that the run's playbook asks for, where it asks for one.
 * R4: an artifact of this run that names another one of it by digest names the one that the run has.
 * Where the specification isn't a `baton.candidate.v1` nothing follows from it, and no artifact may claim one.
 */
import { type ArtifactRef, canonicalJson, cut, type WholeEntry } from "@baton/contracts";
import { z } from "zod";

import type { Claim } from "./rule.ts";
import { RESEARCH, RULES } from "./rules.ts";
import { declaredSets, normalSpec, specDigest } from "./specification.ts";

/** The part of a dispatch that counts, with the artifacts that the run has, those just made among them. */
export type Root = Pick<WholeEntry, "candidateId" | "runId" | "spec" | "artifacts" | "gatePolicy">;

const MAX_SENTENCE = 280;
const MAX_VALUE = 80;

const Digest = z.looseObject({ name: z.string(), sha256: z.string() });
const Content = z.looseObject({
  schemaVersion: z.string().optional(),
  candidateId: z.string().optional(),
  runId: z.string().optional(),
  inputs: z.array(Digest).optional(),
  results: z.array(Digest).optional(),
});
type Content = z.infer<typeof Content>;

/**
 * Where an artifact's content contradicts the dispatch, as a sentence; undefined if it doesn't, or if the artifact isn't one
 * whose content follows from a specification. `text` is only asked for where it does.
 */
export function contradictionIn(
  root: Root,
  ref: ArtifactRef,
  text: () => string,
): string | undefined {
  const rule = Object.hasOwn(RULES, ref.name) ? RULES[ref.name] : undefined;
  if (rule === undefined) return undefined;
  const content = contentOf(text());
  const claims = content?.schemaVersion === rule.schemaVersion;
  const spec = normalSpec(root.spec);
  if (spec === undefined)
    return claims && ref.name === RESEARCH
      ? "it holds a specification, the dispatch has no valid one"
      : undefined;
  if (content === undefined || !claims) return `it isn't a ${rule.schemaVersion}`;
  const sets = declaredSets(spec.strategy);
  const { candidateId, artifacts, gatePolicy } = root;
  const about = { candidateId, spec, specSha256: specDigest(spec), sets, artifacts, gatePolicy };
  const own = rule.claims(content, about);
  if (own === undefined) return `it hasn't the form of a ${rule.schemaVersion}`;
  const links = ref.runId === root.runId ? linksIn(content, root) : [];
  const wrong = [...identityIn(content, root, ref), ...own, ...links].find((one) => !holds(one));
  return wrong && cut(sentence(wrong), MAX_SENTENCE);
}

function contentOf(text: string): Content | undefined {
  try {
    return Content.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function identityIn({ candidateId, runId }: Content, root: Root, ref: ArtifactRef): Claim[] {
  return [
    ...(candidateId === undefined
      ? []
      : [{ what: "candidateId", found: candidateId, wanted: root.candidateId }]),
    ...(runId === undefined ? [] : [{ what: "runId", found: runId, wanted: ref.runId }]),
  ];
}

function linksIn({ inputs = [], results = [] }: Content, { artifacts }: Root): Claim[] {
  const digests = new Map(artifacts.map((artifact) => [artifact.name, artifact.sha256]));
  // Whether the run has all that a stage needs is for the playbook to say.
  return [...inputs, ...results].map(({ name, sha256 }) => ({
    what: `the digest of ${name}`,
    found: sha256,
    wanted: digests.get(name) ?? sha256,
  }));
}

function holds({ found, wanted }: Claim): boolean {
  if (found === undefined || wanted === undefined) return found === wanted;
  return found === wanted || canonicalJson(found) === canonicalJson(wanted);
}

function sentence({ what, found, wanted }: Claim): string {
  return `${what} is ${shown(found)}; by the dispatch it is ${shown(wanted)}`;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : cut(canonicalJson(value), MAX_VALUE);
}
