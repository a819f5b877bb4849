/** New Config from Folder, and how commands find their configuration. */
import { strict as assert } from "node:assert";
import { commands, Uri, window, workspace } from "vscode";
import { suite } from "./describe.ts";
import { fileUri, loftExtension } from "./editor.ts";

export const testConfigurations = suite("configurations", (test) => {
  test("New Config from Folder writes and opens one", async () => {
    await loftExtension();
    const uri = await commands.executeCommand<Uri>("loft.newConfigFromFolder", fileUri("photos"));
    assert.ok(uri instanceof Uri);
    const text = new TextDecoder().decode(await workspace.fs.readFile(uri));
    assert.equal(window.activeTextEditor?.document.uri.toString(), uri.toString());
    assert.match(text, /"folder": "(\.\/)?photos"/);
    assert.doesNotMatch(text, /\$schema/);
    assert.ok(JSON.parse(text).data);
    assert.equal(window.activeTextEditor?.document.languageId, "loft");
  });

  test("a configuration that is there already is not overwritten", async () => {
    const uri = await commands.executeCommand<Uri>("loft.newConfigFromFolder", fileUri("photos"));
    await workspace.fs.writeFile(uri, new TextEncoder().encode('{ "data": { "folder": "photos", "shots": 3 } }'));
    const other = await commands.executeCommand<Uri>("loft.newConfigFromFolder", fileUri("photos"));
    assert.notEqual(other.fsPath, uri.fsPath);
    assert.match(new TextDecoder().decode(await workspace.fs.readFile(uri)), /"shots": 3/);
    for (const made of [uri, other, fileUri("photos.loft.json")]) {
      await workspace.fs.delete(made).then(undefined, () => undefined);
    }
  });

  test("Preview Plan opens a read-only document beside it", async () => {
    await commands.executeCommand("loft.previewPlan", fileUri("shoes.loft.json"));
    const plan = workspace.textDocuments.find(({ uri }) => uri.scheme === "loft-plan");
    assert.match(plan?.getText() ?? "", /adapters/);
    assert.match(plan?.getText() ?? "", /images/);
  });
});
