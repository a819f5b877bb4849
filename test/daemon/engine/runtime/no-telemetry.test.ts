/** ONNX Runtime keeps nothing about its user and reports nothing, in this process or from a thread of it. */
import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { input } from "../../../../daemon/engine/graph/value.ts";
import { sin } from "../../../../daemon/engine/ops/elementwise.ts";
import { createRowSession } from "../../../../daemon/engine/runtime/row-session.ts";
import { createSession } from "../../../../daemon/engine/runtime/session.ts";
import { cpu } from "../../../support/run-graph.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const graph = (rows: number) => ({ waves: sin(input("numbers", [rows, 3])) });

test("a session leaves nothing in the user's folders", async () => {
  const folder = await temporaryFolder();
  for (const name of ["HOME", "XDG_CACHE_HOME", "TMPDIR"]) process.env[name] = folder;
  // The runtime does not report from a build machine.
  for (const name of ["CI", "GITHUB_ACTIONS"]) delete process.env[name];
  const sessions = [await createRowSession(2, graph, { ...cpu, threads: 2 }), await createSession(graph(2), cpu)];
  for (const session of sessions) await session.release();
  expect(await readdir(folder, { recursive: true })).toEqual([]);
});
