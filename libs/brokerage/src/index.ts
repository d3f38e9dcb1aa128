export {
  type AlpacaBook,
  AlpacaConfigError,
  type AlpacaVariables,
  BrokerVariables,
  openAlpaca,
} from "./alpaca/alpaca-book.ts";
export {
  anyAccount,
  type BrokerOptions,
  type BrokerPlace,
  createBroker,
  hasAccount,
} from "./broker.ts";
export type {
  Broker,
  CancelOutcome,
  InstrumentRules,
  KillSwitchControl,
  SubmitOutcome,
} from "./broker-port.ts";
export { askStanding, type BrokerStanding, standingFault } from "./broker-standing.ts";
export { BrokerError } from "./broker-error.ts";
export { Decimal, decimal, fromUnits, SignedDecimal, toUnits } from "./decimal.ts";
export { Decision, decisionHash, orderOf } from "./decision-hash.ts";
export {
  DEFAULT_LIMIT_BOOK,
  DEFAULT_LIMITS,
  DEFAULT_TOTAL,
  limitBroken,
  type LimitBook,
  OrderLimits,
  type PositionChange,
  type RaiseEnding,
  raisedOver,
  takesAway,
  totalBroken,
  TotalLimits,
} from "./limits.ts";
export {
  isSignedBy,
  LimitsDocument,
  limitsEntries,
  type LimitsEntry,
  limitsText,
  MAX_RAISE_DAYS,
  mayRaise,
  RAISE_ROLE,
  raiseFault,
  type Raise,
  readLimitsDocument,
  whoMayText,
} from "./limits-file.ts";
export { LimitsError, openLimits } from "./open-limits.ts";
export {
  Account,
  ACCOUNT_STATE_CODE,
  AccountState,
  ClientOrderId,
  DUPLICATE_CODE,
  engagedSwitch,
  INSTRUMENT_CODE,
  KILL_SWITCH_CODE,
  KillSwitch,
  KillSwitchChange,
  KillSwitchScope,
  LIMIT_CODE,
  NewOrder,
  type NewOrderInput,
  NOT_ALLOWED_CODE,
  NOT_AUTHENTICATED_CODE,
  NOT_SENT_CODE,
  Order,
  OrderStatus,
  OrderType,
  Position,
  Refusal,
  Side,
  Switch,
  Ticker,
  TimeInForce,
} from "./order.ts";
export {
  differingTerms,
  submitOnce,
  type SubmitOnceOptions,
  type SubmitOnceOutcome,
} from "./submit-once.ts";
