/** What a run folder on disk tells the daemon: its images, the verdicts on them, logs that grow, and the list of runs. */
import { appendFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCuration, readVerdicts, writeVerdict } from "../../../daemon/jobs/curation.ts";
import { openJournalCursor } from "../../../daemon/jobs/journal-cursor.ts";
import { keepSome } from "../../../daemon/jobs/keep-some.ts";
import { classFolderOf, openRunFiles } from "../../../daemon/jobs/run-files.ts";
import { realFolder, runIdOf } from "../../../daemon/jobs/run-id.ts";
import { readRunRegistry, writeRunRegistry } from "../../../daemon/jobs/run-registry.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const image = (file: string) => `${JSON.stringify({ id: file, file, bytes: 1, sha256: "x" })}\n`;

describe("the images of a run", () => {
  it("are those of the journal and of the events, each once", async () => {
    const root = await temporaryFolder();
    await mkdir(join(root, ".loft"));
    const journal = join(root, ".loft", "images.jsonl");
    const files = openRunFiles(root);
    await files.refresh();
    expect(files.list()).toEqual([]);
    const [cat1, cat2, dog1] = ["cat/000001", "cat/000002", "dog/000001"].map((name) => `data/train/${name}.png`) as [
      string,
      string,
      string,
    ];
    await writeFile(journal, `${image(cat1)}${image("../../etc/000001.png")}${image(".loft/000001.png")}{"file":7}\n`);
    await files.refresh();
    files.add({ type: "images-finished", className: "dog", files: [dog1, cat1], durationSeconds: 1 });
    await appendFile(journal, image(cat2));
    await files.refresh();
    expect(files.list()).toEqual([cat1, dog1, cat2]);
    expect(files.list("cat")).toEqual([cat1, cat2]);
    expect([...files.counts()]).toEqual([
      ["cat", 2],
      ["dog", 1],
    ]);
    expect([files.has(cat1), files.has("data/train/cat/000003.png")]).toEqual([true, false]);
    await rm(journal);
    await files.refresh();
    expect(files.list()).toEqual([]);
  });

  it.each([
    ["data/train/cat/000001.png", "cat"],
    ["data/train/日本/000001.png", "日本"],
    ["data/train/a b/1000000.png", "a b"],
    ["data/train/../000001.png", undefined],
    ["data/train/./000001.png", undefined],
    ["data/train/a\\b/000001.png", undefined],
    ["data/train/a/b/000001.png", undefined],
    ["data/train/cat/1.png", undefined],
    ["/data/train/cat/000001.png", undefined],
    ["adapters/cat/000001.png", undefined],
  ])("%s lie in %s", (file, folder) => {
    expect(classFolderOf(file)).toBe(folder);
  });
});

describe("a log that grows", () => {
  it("is read once, line by line, however it is cut", async () => {
    const file = join(await temporaryFolder(), "log.jsonl");
    const cursor = openJournalCursor<{ readonly at: number }>(file);
    expect(await cursor.next()).toEqual({ entries: [], restarted: false });
    const seen: number[] = [];
    const text = Array.from({ length: 30 }, (_, at) => `${JSON.stringify({ at, text: "é".repeat(at) })}\n`).join("");
    const bytes = Buffer.from(text);
    for (let start = 0; start < bytes.length; start += 37) {
      await appendFile(file, bytes.subarray(start, start + 37));
      seen.push(...(await cursor.next()).entries.map(({ at }) => at));
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, at) => at));
    await writeFile(file, '{"at":7}\n{"at":');
    expect(await cursor.next()).toEqual({ entries: [{ at: 7 }], restarted: true });
  });

  it("passes over a line of many megabytes, and takes millions of lines piece by piece", async () => {
    const file = join(await temporaryFolder(), "log.jsonl");
    await writeFile(file, `{"at":1}\n{"long":"${"x".repeat(9e6)}"}\n{"at":2}\n${"{}\n".repeat(2e6)}`);
    const cursor = openJournalCursor<{ readonly at?: number }>(file);
    const pieces: number[] = [];
    const numbers: number[] = [];
    const count = await cursor.follow((entries) => {
      pieces.push(entries.length);
      for (const { at } of entries) if (at !== undefined) numbers.push(at);
    });
    expect([numbers, count]).toEqual([[1, 2], 2_000_002]);
    expect(Math.max(...pieces)).toBeLessThan(2_000_000);
    await appendFile(file, '{"at":3}\n');
    expect((await cursor.next()).entries).toEqual([{ at: 3 }]);
  });

  it("gives each line to one of those who look at the same time", async () => {
    const file = join(await temporaryFolder(), "log.jsonl");
    await writeFile(file, '{"at":1}\n{"at":2}\n');
    const cursor = openJournalCursor(file);
    const looks = await Promise.all([cursor.next(), cursor.next(), cursor.next()]);
    expect(looks.flatMap(({ entries }) => entries)).toEqual([{ at: 1 }, { at: 2 }]);
  });
});

describe("verdicts", () => {
  it("are lines of which the last counts", async () => {
    const root = await temporaryFolder();
    const file = "data/train/cat/000001.png";
    await mkdir(join(root, dirname(file)), { recursive: true });
    await writeFile(join(root, file), "pixels");
    expect([...(await readVerdicts({ root }))]).toEqual([]);
    await writeVerdict(root, file, "keep");
    await writeVerdict(root, file, "reject");
    await appendFile(join(root, "curation.jsonl"), '{"file":7}\n{"file":"x","sha256":"y","verdict":"burn"}\n{"torn');
    expect([...(await readVerdicts({ root }))]).toEqual([[file, "reject"]]);
    expect((await readCuration(root)).get(file)?.sha256).toMatch(/^[0-9a-f]{64}$/);
    await writeVerdict(root, file, null);
    expect([...(await readVerdicts({ root }))]).toEqual([]);
  });
});

describe("the list of runs", () => {
  it("comes back as it was; damage makes it empty, not the daemon fail", async () => {
    const file = join(await temporaryFolder(), "runs.json");
    expect(await readRunRegistry(file)).toEqual([]);
    const runs = Array.from(
      { length: 210 },
      (_, at) => ({ root: `/r${at}`, name: `${at}`, state: "finished" }) as const,
    );
    await writeRunRegistry(file, runs);
    expect(await readRunRegistry(file)).toEqual(runs.slice(10));
    for (const text of ["", "{", "null", "[]", '{"runs":7}', '{"runs":[null,7,{"root":1}]}']) {
      await writeFile(file, text);
      expect(await readRunRegistry(file)).toEqual([]);
    }
  });

  it("names a run by its real folder", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "real"));
    await symlink(join(folder, "real"), join(folder, "link"));
    const [real, link, later] = await Promise.all(
      ["real", "link", "real/runs/a"].map((path) => realFolder(join(folder, path))),
    );
    expect(link).toBe(real);
    expect(await realFolder(join(folder, "link", "runs", "a"))).toBe(later);
    expect(runIdOf(real as string)).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe("a few things kept", () => {
  it("are made once while they are used, and released before another takes their place", async () => {
    const told: string[] = [];
    const kept = keepSome<string>(2, async (thing) => void told.push(`release ${thing}`));
    for (const key of ["a", "b", "a", "c", "b"]) {
      await kept.get(key, async () => {
        told.push(`make ${key}`);
        return key;
      });
    }
    expect(told).toEqual(["make a", "make b", "release b", "make c", "release a", "make b"]);
  });
});
