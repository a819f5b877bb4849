/** Evaluations and results through commands: what they start, which editor they open, and what they say without any. */
import { strict as assert } from "node:assert";
import { commands, TabInputCustom, TabInputText, tasks, window, workspace } from "vscode";
import { suite } from "./describe.ts";
import { eventually, fileUri, loftExtension } from "./editor.ts";

const results = ["made", "evaluation", "results.loft-results.json"];

export const testResults = suite("results", (test) => {
  test("Evaluate without test pictures leaves the run as it is", async () => {
    const { services } = await loftExtension();
    const [before] = await services.runs.refresh();
    assert.equal(await commands.executeCommand("loft.evaluateDataset", fileUri("shoes.loft.json")), undefined);
    const [after] = await services.runs.refresh();
    assert.deepEqual([after?.state, after?.work], [before?.state, before?.work]);
  });

  test("Open Results opens the table, and Show Results as Text the file", async () => {
    await loftExtension();
    const uri = fileUri(...results);
    await workspace.fs.writeFile(uri, new TextEncoder().encode("{}"));
    await commands.executeCommand("loft.openResults", uri);
    const opened = () => window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input));
    await eventually("the results editor", () =>
      opened().find((input) => input instanceof TabInputCustom && input.viewType === "loft.results"),
    );
    await commands.executeCommand("loft.showResultsAsText", uri);
    await eventually("the text editor", () =>
      opened().find((input) => input instanceof TabInputText && input.uri.path === uri.path),
    );
    await commands.executeCommand("workbench.action.closeAllEditors");
  });

  test("offers a task for the evaluation of each configuration", async () => {
    const found = await tasks.fetchTasks({ type: "loft" });
    assert.ok(
      found.some(({ name }) => name === "evaluate shoes.loft.json"),
      found.map(({ name }) => name).join(),
    );
  });
});
