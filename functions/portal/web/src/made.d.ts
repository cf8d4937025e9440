/** Made by `build.mjs`: the texts that scripts show, by key. */
declare module "texts:*" {
  const texts: Record<string, string>;
  export default texts;
}

/** Made by `build.mjs` from the API document: minimum and maximum of each number, by JSON
    pointer. */
declare module "policy:ranges" {
  const ranges: Record<string, [number, number]>;
  export default ranges;
}
