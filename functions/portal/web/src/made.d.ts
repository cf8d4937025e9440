/** Made by `build.mjs`: the sentences that scripts say, by their key. */
declare module "texts:*" {
  const texts: Record<string, string>;
  export default texts;
}

/** Made by `build.mjs` from the API's document: pointer -> least, most. */
declare module "policy:ranges" {
  const ranges: Record<string, [number, number]>;
  export default ranges;
}
