/** Says what keeps the source on its standard input from being a strategy, without running any of it. */
import { stripTypeScriptTypes } from "node:module";
import { text } from "node:stream/consumers";
import vm from "node:vm";

const source = await text(process.stdin);
try {
  const module = new vm.SourceTextModule(stripTypeScriptTypes(source));
  const [imported] = module.moduleRequests;
  if (imported) tell(`it imports "${imported.specifier}": a strategy imports nothing`);
  else {
    await module.link(() => {
      throw new Error("a strategy imports nothing");
    });
    if (!Reflect.ownKeys(module.namespace).includes("target"))
      tell("it doesn't export a function called target");
  }
} catch (error) {
  tell(error instanceof Error ? `${error.name}: ${error.message}` : "it can't be read");
}

function tell(problem: string): void {
  process.stdout.write(problem);
}
