/** Logs survive kills: torn lines are skipped and never spoil their neighbours. */
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openEventLog, parseEventLog, readEventLog } from "../../../daemon/jobs/event-log.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

type Entry = { readonly step: number; readonly note?: string };

describe("openEventLog", () => {
  it("keeps the order of appends that are not awaited", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "new", "events.jsonl");
    const log = await openEventLog<Entry>(file);
    const appends = Array.from({ length: 200 }, (_, step) => log.append({ step }));
    await log.close();
    await Promise.all(appends);
    const { entries, tornLines } = await readEventLog<Entry>(file);
    expect(entries.map((entry) => entry.step)).toEqual(Array.from({ length: 200 }, (_, step) => step));
    expect(tornLines).toBe(0);
  });

  it("goes on after a torn line without touching what was written", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "events.jsonl");
    await writeFile(file, '{"step":1}\n{"step":2,"no');
    const log = await openEventLog<Entry>(file);
    await log.append({ step: 3 });
    await log.close();
    expect(await readFile(file, "utf8")).toBe('{"step":1}\n{"step":2,"no\n{"step":3}\n');
    expect(await readEventLog<Entry>(file)).toEqual({ entries: [{ step: 1 }, { step: 3 }], tornLines: 1 });
  });

  it("opens again and appends at the end", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "events.jsonl");
    for (const step of [1, 2]) {
      const log = await openEventLog<Entry>(file);
      await log.append({ step });
      await log.close();
    }
    await appendFile(file, "");
    expect((await readEventLog<Entry>(file)).entries).toEqual([{ step: 1 }, { step: 2 }]);
  });

  it("says that a log in a place that is no folder cannot be written", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    await expect(openEventLog(join(folder, "file", "log"))).rejects.toMatchObject({ code: "output-unwritable" });
  });
});

describe("readEventLog", () => {
  it("takes a missing file for an empty log", async () => {
    const folder = await temporaryFolder();
    expect(await readEventLog(join(folder, "none.jsonl"))).toEqual({ entries: [], tornLines: 0 });
  });

  it("reads every whole entry of a log cut at any byte", () => {
    const entry = fc.record({ step: fc.nat(), note: fc.string({ unit: "grapheme" }) });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 8 }), fc.nat(), (entries, cut) => {
        const lines = entries.map((value) => `${JSON.stringify(value)}\n`);
        const text = lines.join("");
        const kept = text.slice(0, cut % (text.length + 1));
        const whole = lines.filter((_, index) => lines.slice(0, index + 1).join("").length - 1 <= kept.length);
        expect(parseEventLog<Entry>(kept).entries).toEqual(whole.map((line) => JSON.parse(line)));
      }),
    );
  });
});
