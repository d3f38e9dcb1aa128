/** What people have to look at, one by one, as escalation tells them: each with the time since which it is so. */
import type { RunningStrategies } from "@baton/artifacts";
import type { ServiceMatter } from "@baton/contracts";

/** Most that are told; the status has all of them. */
const MOST_TOLD = 50;
const MESH = "mesh";

type Status = Pick<RunningStrategies, "strategies" | "refused" | "mainLost">;

/** Remembers since when each is so; what is over and comes again is another one. */
export function createMatters(problem: () => string | null): (status: Status) => ServiceMatter[] {
  let known = new Map<string, string>();
  return (status) => {
    const now = new Date().toISOString();
    const next = new Map<string, string>();
    const matters = mattersIn(status, problem()).map((matter) => {
      const key = `${matter.code} ${matter.subject}`;
      const since = known.get(key) ?? now;
      next.set(key, since);
      return { ...matter, since };
    });
    known = next;
    return matters.slice(0, MOST_TOLD);
  };
}

/** What isn't accounted for says itself what becomes of it. */
export function refusedText(of: RunningStrategies["refused"][number]): string {
  return of.code === "E_UNACCOUNTED"
    ? `${of.file}: ${of.problem}`
    : `${of.file} isn't applied: ${of.problem}`;
}

function mattersIn(
  { strategies, refused, mainLost }: Status,
  mainProblem: string | null,
): Omit<ServiceMatter, "since">[] {
  return [
    ...(mainLost && mainProblem !== null
      ? [{ code: "E_MAIN_RESET", subject: MESH, text: mainProblem }]
      : []),
    ...strategies.flatMap(({ candidateId, trouble, problem }) =>
      trouble == null ? [] : [{ code: trouble, subject: candidateId, text: problem ?? trouble }],
    ),
    ...refused.map(({ file, code = "E_STRATEGY_FILE", problem }) => {
      const name = file.replace(/\.yaml$/, "");
      // Anybody may put a file of any name there.
      const isName = /^[a-z0-9][a-z0-9-]{0,62}$/.test(name);
      return { code, subject: isName ? name : MESH, text: refusedText({ file, code, problem }) };
    }),
  ];
}
