/** A browser, a workspace with a daemon of its own, and a workbench: what each journey starts with and takes down. */
import type { Browser } from "playwright-core";
import { keepLogs } from "./artefacts.ts";
import { launchBrowser } from "./browser.ts";
import { makeRunFolder, type RunFolder } from "./run-folder.ts";
import { type Server, type ServerOptions, startServer } from "./server.ts";
import { type Theme, themes } from "./themes.ts";
import { Workbench } from "./workbench.ts";

export type SessionOptions = Omit<ServerOptions, "extensionsFolder"> & {
  /** Names the screenshots. */
  readonly journey: string;
  /** Null: a workspace without a configuration. */
  readonly config?: object | null;
  /** Whose photos the workspace has; the first two by default. */
  readonly classes?: readonly string[];
  /** Put something into the workspace before it is opened. */
  readonly fill?: (workspace: string) => void;
  /** Install other extensions than the one of this tree, below a folder; gives their folder. */
  readonly install?: (scratch: string) => string;
};

export type Session = {
  readonly folder: RunFolder;
  readonly server: Server;
  /** One more window on the same workspace. */
  open(file?: string): Promise<Workbench>;
  /** A screenshot in each theme; what else is to be looked at in each is done before it is taken. */
  shot(workbench: Workbench, name: string, look?: (theme: Theme) => Promise<void>): Promise<void>;
};

/** Run a journey; what the windows show when it fails is kept beside the logs. */
export async function inSession(options: SessionOptions, body: (session: Session) => Promise<void>): Promise<void> {
  const { journey } = options;
  const folder = makeRunFolder(options.config, options.classes);
  options.fill?.(folder.workspace);
  const windows: Workbench[] = [];
  let browser: Browser | undefined;
  let server: Server | undefined;
  try {
    const installed = options.install === undefined ? {} : { extensionsFolder: options.install(folder.scratch) };
    const running = await startServer(folder, { ...options, ...installed });
    server = running;
    const ownBrowser = await launchBrowser();
    browser = ownBrowser;
    const open = async (file?: string): Promise<Workbench> => {
      const workbench = await Workbench.open(ownBrowser, running, folder, file);
      windows.push(workbench);
      return workbench;
    };
    const shot: Session["shot"] = async (workbench, name, look) => {
      for (const theme of themes) {
        await workbench.use(theme);
        await look?.(theme);
        await workbench.screenshot(journey, `${theme}-${name}`);
      }
    };
    await body({ folder, server: running, open, shot });
  } catch (error) {
    for (const [index, workbench] of windows.entries()) {
      await workbench.screenshot(journey, `failed-${index}`).catch(() => undefined);
    }
    keepLogs(folder, journey);
    throw error;
  } finally {
    await browser?.close();
    await server?.stop();
    await folder.remove();
  }
}
