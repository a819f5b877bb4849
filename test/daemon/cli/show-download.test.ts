/** What a download looks like: on a terminal, in a log, and as JSON. */
import { describe, expect, it } from "vitest";
import type { CliContext } from "../../../daemon/cli/context.ts";
import { downloadDisplay, sizeText } from "../../../daemon/cli/show-download.ts";
import type { DownloadEvent } from "../../../schemas/download-event.ts";
import { recordedContext } from "../../support/recorded-context.ts";

const path = "unet/weights.safetensors";
const events: readonly DownloadEvent[] = [
  {
    type: "download-started",
    ...{ model: "m", repository: "o/m", revision: "0123456789abcdef", variant: "fp16", files: 3, bytes: 2e9 },
  },
  { type: "download-progress", path, bytesDone: 0, bytes: 2e9 },
  { type: "download-progress", path, bytesDone: 5e8, bytes: 2e9, bytesPerSecond: 5e7, secondsLeft: 30 },
  { type: "download-retry", code: "hub-unreachable", what: "The connection was cut.", waitSeconds: 2 },
  { type: "download-source-failed", repository: "o/m", code: "hub-failing", what: "It fails." },
  { type: "download-note", what: "Look." },
  { type: "download-file-finished", path, bytes: 2e9, sha256: "0".repeat(64) },
  { type: "download-finished", model: "m", folder: "store/m", bytes: 2e9, seconds: 61 },
];

describe("downloadDisplay", () => {
  it("is a few plain lines in a log", () => {
    const { stdout, stderr } = shown({}, [0, 1000]);
    expect(stdout).toBe("");
    expect(stderr.split("\n")).toEqual([
      "o/m at 0123456789ab: 3 files, 2.00 GB (fp16 weights)",
      `0%  0.0 kB of 2.00 GB, ${path}`,
      "The connection was cut. Trying again in 2 s.",
      "source o/m failed[hub-failing]: It fails.",
      "Look.",
      "done in 1 min 1 s: 2.00 GB, every file checked",
      "",
    ]);
    expect(shown({}, [0, 6000]).stderr).toContain(`25%  500.0 MB of 2.00 GB, 50.0 MB/s, about 30 s left, ${path}\n`);
  });

  it("is one line that is drawn again on a terminal, cut to its width", () => {
    const { stderr } = shown({ stderrIsTerminal: true, columns: () => 20 }, [0]);
    expect(stderr).toContain("\r\u001b[K25%  500.0 MB of 2.");
    expect(stderr).toContain("\r\u001b[KLook.\n25%  500.0 MB of 2.");
    expect(stderr).not.toContain(path);
    expect(stderr.endsWith("\n")).toBe(true);
  });

  it.each([{ CI: "true" }, { TERM: "dumb" }])("is plain with %j", (environment) => {
    expect(shown({ stderrIsTerminal: true, environment }, [0]).stderr).not.toContain("\u001b");
  });

  it("is every event with --json", () => {
    const { stdout, stderr } = shown({}, [0], true);
    expect(stderr).toBe("");
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(events);
  });
});

describe("sizeText", () => {
  it.each([
    [0, "0.0 kB"],
    [1234, "1.2 kB"],
    [100_000, "0.1 MB"],
    [12_345_678, "12.3 MB"],
    [2_140_000_000, "2.14 GB"],
  ])("says %d bytes as %s", (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});

/** Show all events; `times` are what the clock says, the last one from then on. */
function shown(changes: Partial<CliContext>, times: readonly number[], asJson = false) {
  const { context, printed } = recordedContext(changes);
  const clock = [...times];
  const now = () => (1 < clock.length ? (clock.shift() as number) : (clock[0] as number));
  const display = downloadDisplay(context, asJson, now);
  for (const event of events) display.show(event);
  display.close();
  return printed();
}
