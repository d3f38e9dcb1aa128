/** A YAML file's text, as the test runner imports it. */
declare module "*.yaml?raw" {
  const text: string;
  export default text;
}
