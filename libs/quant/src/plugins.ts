import type { StrategyPlugin } from "./plugin.ts";
import { QuantError } from "./quant-error.ts";
import { smaCross } from "./sma-cross.ts";
import { tsmomVolTarget } from "./tsmom-vol-target.ts";
import { tsmom } from "./tsmom.ts";

/** Every plugin by its name. */
export const PLUGINS: Readonly<Record<string, StrategyPlugin>> = {
  [smaCross.name]: smaCross,
  [tsmom.name]: tsmom,
  [tsmomVolTarget.name]: tsmomVolTarget,
};

/** The plugin of that name; E_INVALID that lists the names there are. */
export function findPlugin(name: string): StrategyPlugin {
  const plugin = Object.hasOwn(PLUGINS, name) ? PLUGINS[name] : undefined;
  if (plugin) return plugin;
  throw new QuantError({
    code: "E_INVALID",
    where: "plugin",
    value: name,
    rule: `one of ${Object.keys(PLUGINS).join(", ")}`,
    action: "correct the name, or add the plugin to the registry",
  });
}
