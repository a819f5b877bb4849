/** The extension itself: how fast it is there, what it adds, and what it leaves alone. */
import { strict as assert } from "node:assert";
import { commands, extensions, languages } from "vscode";
import { suite } from "./describe.ts";
import { loftExtension, openConfig } from "./editor.ts";

export const testExtension = suite("extension", (test) => {
  test("activates in less than 50 ms of processor time", async () => {
    const { activation } = await loftExtension();
    // Processor time: how long it takes by the clock depends on what else this machine does.
    assert.ok(activation.cpuMilliseconds < 50, `${activation.cpuMilliseconds} ms`);
  });

  test("registers every command that it contributes, in the category LoFT", async () => {
    await loftExtension();
    const known = new Set(await commands.getCommands(true));
    const contributed: { command: string; category: string }[] =
      extensions.getExtension("loft.loft")?.packageJSON.contributes.commands;
    assert.ok(9 <= contributed.length);
    assert.deepEqual(
      contributed.filter(({ command }) => !known.has(command)),
      [],
    );
    assert.deepEqual(
      contributed.filter(({ category }) => category !== "LoFT"),
      [],
    );
  });

  test("gives *.loft.json a language of its own", async () => {
    assert.ok((await languages.getLanguages()).includes("loft"));
    const document = await openConfig("shoes.loft.json");
    assert.equal(document.languageId, "loft");
  });

  test("connects to a daemon once a configuration is open", async () => {
    const { services } = await loftExtension();
    await openConfig("shoes.loft.json");
    const { status } = await services.client.ensure();
    assert.equal(status.version, services.version);
    assert.equal(services.client.state, "ready");
  });
});
