import type { ModeFigures } from "./main.ts";

/** The targets, as ratios within one run; see docs/benchmarks.md. */
const TARGETS = {
  default: { throughput: 0.1, idle: 6 },
  always: { throughput: 0.8, idle: 4 },
} as const;

/** The figures as a Markdown table, with the ratio and whether it's reached. */
export function renderTable(modes: readonly ModeFigures[]): string {
  const rows = modes.flatMap(({ sync, mesh }) => {
    const { raw } = mesh;
    const throughput = mesh.handoffsPerSecond / raw.fencedPerSecond;
    const idle = mesh.idle.p50 / raw.clientP50;
    const { throughput: least, idle: most } = TARGETS[sync];
    const ms = (value: number): string => `${value.toFixed(2)} ms`;
    return [
      [sync, "fenced pipelined publish", `${raw.fencedPerSecond}/s`, "", ""],
      [
        sync,
        "`js.publish`, one at a time, p50 / p99",
        `${ms(raw.clientP50)} / ${ms(raw.clientP99)}`,
        "",
        "",
      ],
      [
        sync,
        "the same with Baton's publisher",
        `${ms(raw.sequentialP50)} / ${ms(raw.sequentialP99)}`,
        "",
        "",
      ],
      [
        sync,
        "(a) all at once",
        `${mesh.handoffsPerSecond} handoffs/s`,
        throughput.toFixed(3),
        verdict(throughput >= least, `at least ${least}`),
      ],
      [
        sync,
        "(b) one at a time p50 / p99",
        `${ms(mesh.idle.p50)} / ${ms(mesh.idle.p99)}`,
        idle.toFixed(1),
        verdict(idle <= most, `at most ${most}`),
      ],
      [
        sync,
        `(c) at ${mesh.paced.perSecond}/s p50 / p99`,
        `${ms(mesh.paced.p50)} / ${ms(mesh.paced.p99)}`,
        "",
        "",
      ],
      [sync, "CPU per handoff, (a)", cpuText(mesh.cpuMicros), "", ""],
      ...Object.entries(mesh.memory).map(([name, mb]) =>
        memoryRow(sync, name, mb, mesh.soak.memory[name]),
      ),
    ];
  });
  const lines = [
    ["sync", "what", "measured", "ratio", "target"],
    ["---", "---", "---", "---", "---"],
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Lanes together; each handoff is one lane's. */
function cpuText(micros: Readonly<Record<string, number>>): string {
  const groups = new Map<string, number>();
  for (const [name, value] of Object.entries(micros)) {
    const group = name.startsWith("lane-") ? "lanes" : name;
    groups.set(group, (groups.get(group) ?? 0) + value);
  }
  const all = [...groups.values()].reduce((sum, value) => sum + value, 0);
  const parts = Array.from(groups, ([name, value]) => `${name} ${value.toFixed(0)}`);
  return `${all.toFixed(0)} µs: ${parts.join(", ")}`;
}

/** Flat: the second half of the long run takes at most so much more than the first, in MB. */
const FLAT_MB = 5;

function memoryRow(
  sync: string,
  name: string,
  mb: { start: number; highest: number; end: number },
  soak: { early: number; late: number } | undefined,
): string[] {
  const limit = name === "coordinator" ? 160 : 130;
  const { early = Number.NaN, late = Number.NaN } = soak ?? {};
  const grown = late - early;
  const measured = `${mb.start} MB idle, ${mb.highest} MB highest; over the long run ${early} to ${late} MB`;
  const verdicts = [
    verdict(mb.highest < limit, `under ${limit} MB`),
    verdict(grown <= FLAT_MB, `flat (at most +${FLAT_MB} MB)`),
  ];
  return [sync, `(d) ${name}`, measured, "", verdicts.join("; ")];
}

function verdict(ok: boolean, target: string): string {
  return `${target}: ${ok ? "reached" : "missed"}`;
}
