/** A run from start to end through commands, and what views and panels make of it. */
import { strict as assert } from "node:assert";
import { commands, env, tasks } from "vscode";
import type { RunSummary } from "../../../schemas/protocol.ts";
import { suite } from "./describe.ts";
import { eventually, fileUri, loftExtension } from "./editor.ts";

export const testRuns = suite("runs", (test) => {
  test("Generate Dataset runs to the end, with the panel open", async () => {
    const { services } = await loftExtension();
    const started = await commands.executeCommand<RunSummary>("loft.generateDataset", fileUri("shoes.loft.json"));
    assert.equal(started.name, "shoes");
    assert.deepEqual(services.panels.open(), [started.run]);
    const ended = (): RunSummary | undefined => {
      const run = services.runs.get(started.run);
      assert.notEqual(run?.state, "failed", JSON.stringify(run?.error));
      return run?.state === "finished" ? run : undefined;
    };
    const finished = await eventually("the end of the run", ended, 150_000);
    assert.equal(finished.progress?.imagesDone, 8);
  });

  test("a finished run stands in the list, and its image can be replayed", async () => {
    const { services } = await loftExtension();
    const [run] = await services.runs.refresh();
    assert.equal(run?.state, "finished");
    const { samples } = await services.client.request("loft/samples", { run: run.run, offset: 0, limit: 10 });
    const [sample] = samples;
    const result = await commands.executeCommand("loft.replayImage", { run: run.run, file: sample?.file });
    assert.deepEqual(result, { same: true, differingValues: 0, largestDifference: 0 });
  });

  test("the diagnostic report names versions and no path", async () => {
    const report = await commands.executeCommand<string>("loft.copyDiagnosticReport");
    assert.match(report, /LoFT extension \d+\.\d+\.\d+/);
    assert.doesNotMatch(report, new RegExp(fileUri().fsPath));
    assert.equal(await env.clipboard.readText(), report);
  });

  test("offers tasks for the configurations of the workspace", async () => {
    const found = await tasks.fetchTasks({ type: "loft" });
    const task = found.find(({ definition }) => definition.config === "shoes.loft.json");
    assert.ok(task !== undefined, found.map(({ name }) => name).join());
    assert.deepEqual(task.problemMatchers, ["$loft"]);
  });
});
