export { readYaml, YamlError, type YamlLimits, yamlLines } from "./read-yaml.ts";
export type { YamlFault } from "./yaml-error.ts";
