/** The color themes that everything is looked at in. The workbench follows what the system prefers, as the page tells it. */
export type Theme = "dark" | "light" | "high-contrast";

export const themes: readonly Theme[] = ["dark", "light", "high-contrast"];

export const followSystem = {
  "workbench.colorTheme": "Dark Modern",
  "window.autoDetectColorScheme": true,
  "workbench.preferredDarkColorTheme": "Dark Modern",
  "workbench.preferredLightColorTheme": "Light Modern",
};

/** What a system says that prefers a theme. */
export const systemOf = {
  dark: { colorScheme: "dark", forcedColors: "none" },
  light: { colorScheme: "light", forcedColors: "none" },
  "high-contrast": { colorScheme: "dark", forcedColors: "active" },
} as const satisfies Readonly<Record<Theme, object>>;
