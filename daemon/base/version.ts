/** The version of LoFT, from package.json. */
import packageJson from "../../package.json" with { type: "json" };

export const loftVersion: string = packageJson.version;
