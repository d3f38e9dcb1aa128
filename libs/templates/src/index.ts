export {
  type GeneratedPlugin,
  generatePlugin,
  strategyFolder,
  TemplateError,
  TEMPLATES,
} from "./generate-plugin.ts";
