export { act, type Act, actsOf, inTerminal, type Phrase } from "./phrase.ts";
export { adviceOn, adviceOnStop, limitedAnswers } from "./advice.ts";
export { controlChangeText, scopeText } from "./control-change.ts";
export { laneSays } from "./lane-says.ts";
export { adviceOnMatter } from "./matter-advice.ts";
export { faultText, particularsOf, stopText } from "./particulars.ts";
