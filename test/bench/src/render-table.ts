import type { ModeFigures } from "./main.ts";

/** The targets, as ratios within one run; see docs/benchmarks.md. */
const TARGETS = {
  default: { throughput: 0.1, idle: 6 },
  always: { throughput: 0.8, idle: 4 },
} as const;

/** The figures as a Markdown table, with the ratio and whether it's reached. */
export function renderTable(modes: readonly ModeFigures[]): string {
  const rows = modes.flatMap(({ sync, raw, mesh }) => {
    const throughput = mesh.handoffsPerSecond / raw.fencedPerSecond;
    const idle = mesh.idle.p50 / raw.sequentialP50;
    const { throughput: least, idle: most } = TARGETS[sync];
    const ms = (value: number): string => `${value.toFixed(2)} ms`;
    return [
      [sync, "fenced pipelined publish", `${raw.fencedPerSecond}/s`, "", ""],
      [
        sync,
        "sequential publish p50 / p99",
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

function memoryRow(
  sync: string,
  name: string,
  mb: { start: number; highest: number; end: number },
  soak: { early: number; late: number } | undefined,
): string[] {
  const limit = name === "coordinator" ? 160 : 130;
  const measured = `${mb.start} MB idle, ${mb.highest} MB highest; over the long run ${soak?.early} to ${soak?.late} MB`;
  return [sync, `(d) ${name}`, measured, "", verdict(mb.highest < limit, `under ${limit} MB`)];
}

function verdict(ok: boolean, target: string): string {
  return `${target}: ${ok ? "reached" : "missed"}`;
}
