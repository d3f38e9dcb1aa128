import { stringify } from "yaml";

/** YAML that says the same bytes for the same value each time: no line is folded, nothing refers to another place. */
export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
