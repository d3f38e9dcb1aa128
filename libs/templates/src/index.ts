export {
  type GeneratedPlugin,
  catalogEntryOf,
  generatePlugin,
  strategyFolder,
  TemplateError,
  TEMPLATES,
} from "./generate-plugin.ts";
