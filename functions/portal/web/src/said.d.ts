/** Made by `build.mjs`: the sentences that scripts say, by their key. */
declare module "texts:*" {
  const texts: Record<string, string>;
  export default texts;
}
