/** Answers what the results page asks about pictures: which there are, and under which addresses it may show them. */
import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import { l10n, Uri, type Webview, workspace } from "vscode";
import type { LoftResults } from "../../schemas/results.ts";
import type { ClassSet, ResultsParams, ResultsResult } from "../../webviews/results/protocol.ts";
import { ShownError } from "../loft-error.ts";
import { imagesOf, type PicturePlaces, readPicturePlaces } from "./picture-places.ts";
import { hitsOf, judgedPictures, type Predictions, predictionsReader } from "./predictions.ts";

export class ResultsPictures {
  readonly #file: string;
  readonly #webview: Webview;
  readonly #predictions: () => Promise<Predictions>;
  /** Addresses that were given to the page, and the files behind them. */
  readonly #given = new Map<string, Uri>();

  /** @param file the results */
  constructor(file: string, webview: Webview) {
    this.#file = file;
    this.#webview = webview;
    this.#predictions = predictionsReader(join(dirname(file), "predictions.jsonl"));
  }

  /** The folders whose pictures the page may show. None in Restricted Mode: the file is the folder's word alone. */
  async roots(): Promise<readonly Uri[]> {
    if (!workspace.isTrusted) return [];
    const places = await readPicturePlaces(this.#file);
    if (places === undefined) return [];
    const { runFolder, photos, test, methods } = places;
    const folders = [runFolder, photos, test, ...methods.map(({ folder }) => folder)];
    return [...new Set(folders)].flatMap((folder) => (folder === undefined ? [] : [Uri.file(folder)]));
  }

  /** @throws ShownError "predictions-missing", "not-trusted", "pictures-unknown" */
  async judged({ offset, count, ...which }: ResultsParams<"pictures">): Promise<ResultsResult<"pictures">> {
    const { test } = await this.#places();
    const all = judgedPictures(await this.#answers(), which);
    const shown = all.slice(offset, offset + count).map(async (picture) => {
      const path = test === undefined ? undefined : join(test, ...picture.name.split("/"));
      const isThere = path !== undefined && (await isFile(path));
      return { uri: isThere ? this.#addressOf(path) : null, ...picture };
    });
    return { total: all.length, pictures: await Promise.all(shown) };
  }

  /** @throws ShownError "not-trusted", "pictures-unknown" */
  async sets({ classIndex, count }: ResultsParams<"sets">): Promise<ResultsResult<"sets">> {
    const { photos, classes, methods } = await this.#places();
    const own = classes[classIndex];
    if (own === undefined) throw unknownPictures();
    const sets = [this.#set(null, photos, own.photos, count)];
    for (const { method, folder } of methods) {
      sets.push(this.#set(method, folder, await imagesOf(folder, own.folder), count));
    }
    return { sets };
  }

  /** @throws ShownError "predictions-missing", "predictions-other" */
  async hits(results: LoftResults): Promise<ResultsResult<"hits">> {
    const rows = hitsOf(await this.#answers(), results);
    if (rows !== undefined) return { rows };
    throw new ShownError({
      code: "predictions-other",
      what: l10n.t("predictions.jsonl beside the results belongs to other results."),
      fix: l10n.t("LoFT: Evaluate writes both anew; nothing is trained twice."),
    });
  }

  /** The file behind an address of a picture; undefined for any other. */
  fileOf(address: string): Uri | undefined {
    return this.#given.get(address);
  }

  #set(method: string | null, folder: string | undefined, names: readonly string[], count: number): ClassSet {
    const shown = folder === undefined ? [] : names.slice(0, count);
    const pictures = shown.map((name) => ({
      uri: this.#addressOf(join(folder as string, ...name.split("/"))),
      name,
    }));
    return { method, total: names.length, pictures };
  }

  async #places(): Promise<PicturePlaces> {
    if (!workspace.isTrusted) {
      throw new ShownError({
        code: "not-trusted",
        what: l10n.t("Pictures are not shown in Restricted Mode."),
        fix: l10n.t("Trust the folder with Workspaces: Manage Workspace Trust."),
      });
    }
    const places = await readPicturePlaces(this.#file);
    if (places === undefined) throw unknownPictures();
    return places;
  }

  async #answers(): Promise<Predictions> {
    try {
      return await this.#predictions();
    } catch (cause) {
      throw new ShownError(
        {
          code: "predictions-missing",
          what: l10n.t("predictions.jsonl is not beside the results: what the classifiers answered is not known."),
          fix: l10n.t("LoFT: Evaluate writes it; nothing is trained twice."),
        },
        { cause },
      );
    }
  }

  #addressOf(path: string): string {
    const uri = Uri.file(path);
    const address = this.#webview.asWebviewUri(uri).toString();
    this.#given.set(address, uri);
    return address;
  }
}

function unknownPictures(): ShownError {
  return new ShownError({
    code: "pictures-unknown",
    what: l10n.t("These results do not say where their pictures lie."),
    fix: l10n.t("Open them in their run folder; LoFT: Evaluate writes what is missing, and trains nothing twice."),
  });
}

async function isFile(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
