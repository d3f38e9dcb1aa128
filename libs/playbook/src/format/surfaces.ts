/** What each lane may change in a repository: globs of paths, and whether two of them can mean one path. Pure. */
import { OwnLane } from "@baton/contracts";
import { z } from "zod";

/** Stands for the candidate's id, whole, in one name of a path. */
const CANDIDATE = "{candidateId}";

/** `*` within a name; no `**`, no `..`, nothing that another reader of globs would read in another way. */
const Surface = z
  .string()
  .max(200)
  .regex(/^(?:[A-Za-z0-9._*-]|\{candidateId\})+(?:\/(?:[A-Za-z0-9._*-]|\{candidateId\})+)*$/, {
    error:
      "a path of A-Z a-z 0-9 . _ - with / between, {candidateId} and * for any of a name, e.g. strategies/{candidateId}/*",
  })
  .refine((glob) => !glob.includes("**"), "* is any part of one name; there is no **")
  .refine(
    (glob) => !glob.split("/").some((name) => name === "." || name === ".."),
    "a path from the top of the repository, without . and ..",
  )
  .refine((glob) => glob.includes(CANDIDATE), {
    error: "without {candidateId} it would belong to every candidate",
  });

/** By lane. */
export const Surfaces = z.partialRecord(OwnLane, z.array(Surface).min(1).max(20));

/** The globs of a candidate. */
export function surfacesOf(globs: readonly string[], candidateId: string): string[] {
  return globs.map((glob) => glob.replaceAll(CANDIDATE, candidateId));
}

/** Each pair of globs of two lanes that can mean one path, whatever the candidates are called. */
export function surfaceFaults(surfaces: z.infer<typeof Surfaces>): string[] {
  const all = Object.entries(surfaces).flatMap(([lane, globs]) =>
    globs.map((glob, index) => ({ lane, glob, index })),
  );
  return all.flatMap((one, at) =>
    all
      .slice(at + 1)
      .flatMap((other) =>
        one.lane !== other.lane && meet(one.glob, other.glob)
          ? [
              `surfaces.${other.lane}.${other.index}: "${other.glob}" and ${one.lane}'s "${one.glob}" can be one path, and a path belongs to one lane`,
            ]
          : [],
      ),
  );
}

function meet(one: string, other: string): boolean {
  const [names, others] = [one, other].map((glob) => glob.replaceAll(CANDIDATE, "*").split("/"));
  if (!names || names.length !== others?.length) return false;
  return names.every((name, index) => nameMeets(name, others[index] ?? ""));
}

/** True if some name fits both: position by position, a `*` taking none or more. */
function nameMeets(one: string, other: string): boolean {
  const reached = new Set<string>();
  const walk = (at: number, on: number): boolean => {
    const key = `${at} ${on}`;
    if (reached.has(key)) return false;
    reached.add(key);
    if (at === one.length && on === other.length) return true;
    if (one[at] === "*" && (walk(at + 1, on) || (on < other.length && walk(at, on + 1))))
      return true;
    if (other[on] === "*" && (walk(at, on + 1) || (at < one.length && walk(at + 1, on))))
      return true;
    return at < one.length && on < other.length && one[at] === other[on] && walk(at + 1, on + 1);
  };
  return walk(0, 0);
}
