/** Style sheets of packages, bundled as text. */
declare module "*.css" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: that is how a file imported as text arrives.
  export default text;
}
