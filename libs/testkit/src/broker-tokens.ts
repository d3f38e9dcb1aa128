/** Tokens of a paper broker that a test starts, by holder. */
export const BROKER_TOKENS = {
  engine: "engine-of-a-test-0123456789abcdef",
  laneE: "lane-e-of-a-test-0123456789abcdef",
  laneF: "lane-f-of-a-test-0123456789abcdef",
  operator: "operator-of-a-test-0123456789abcdef",
} as const;

/** The variables by which a paper broker is told them. */
export const BROKER_TOKENS_ENV = {
  BATON_BROKER_TOKEN_ENGINE: BROKER_TOKENS.engine,
  BATON_BROKER_TOKEN_LANE_E: BROKER_TOKENS.laneE,
  BATON_BROKER_TOKEN_LANE_F: BROKER_TOKENS.laneF,
  BATON_BROKER_TOKEN_OPERATOR: BROKER_TOKENS.operator,
} as const;
