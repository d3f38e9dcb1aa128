/** Playbook documents for tests. */
export const policy = {
  maxRetries: 0,
  initialBackoffSeconds: 0,
  backoffMultiplier: 1,
  maxBackoffSeconds: 0,
  autopauseAfterFailures: 1,
};
export const failurePolicies = { transient: policy, deterministic: policy, spec: policy, policy };

/** A small playbook document: a line of stages on lane-a, with changes. */
export function documentOf(
  transitions: Record<string, readonly string[]>,
  stages: Record<string, object> = {},
  rest: object = {},
) {
  const names = [...new Set([...Object.keys(transitions), ...Object.keys(stages)])];
  return {
    version: "baton-playbook-v1",
    stages: names.map((stage, index) => ({
      stage,
      lane: "lane-a",
      ...(index === 0 && { requirePreviousArtifact: false, requirePreviousGatePass: false }),
      ...stages[stage],
    })),
    transitions,
    failurePolicies,
    ...rest,
  };
}

/** Loops, approvals and gates everywhere, small limits, and names that every object has as a property. */
export const wildDocument = documentOf(
  {
    constructor: ["build"],
    build: ["check", "recover"],
    check: ["ship", "constructor", "recover"],
    ship: ["end", "recover"],
    recover: ["check", "constructor"],
    end: [],
  },
  {
    build: { lane: "lane-b", artifacts: ["constructor", "build/a.json"] },
    check: { lane: "lane-c", gate: "gates/check.json", fail: "constructor" },
    ship: {
      lane: "lane-e",
      gate: "toString",
      fail: "recover",
      incident: "recover",
      approvals: { required: 2 },
    },
    recover: {
      lane: "lane-f",
      requirePreviousGatePass: false,
      pass: "check",
      fail: null,
      approvals: { required: 1, notAuthor: false },
    },
    end: { lane: "lane-f" },
  },
  {
    limits: { maxLoops: 2, maxIterations: 4 },
    failurePolicies: {
      ...failurePolicies,
      transient: { ...policy, maxRetries: 2, autopauseAfterFailures: 3 },
    },
  },
);
