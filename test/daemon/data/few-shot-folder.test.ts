/** Folders of photos as people really have them: what is used, what is reported, and what is an error. */
import { execFileSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../../daemon/base/hash.ts";
import { readFewShotFolder } from "../../../daemon/data/few-shot-folder.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { animatedImage, hugePng, patternImage, plainImage, truncated } from "./hostile-images.ts";

type Content = Uint8Array | string;

async function folderWith(files: Readonly<Record<string, Content>>): Promise<string> {
  const root = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

const red = await plainImage("#ff0000").png().toBuffer();
const green = await plainImage("#00ff00").png().toBuffer();
const blue = await plainImage("#0000ff").png().toBuffer();
const jpeg = await patternImage().jpeg().toBuffer();
const png = await patternImage().png().toBuffer();
const webp = await patternImage().webp().toBuffer();
const tiff = await patternImage().tiff({ compression: "deflate" }).toBuffer();
const gif = await patternImage().gif().toBuffer();

describe("one file in a class folder", () => {
  const usable: readonly (readonly [
    string,
    Promise<Content> | Content,
    readonly [number, number],
    readonly string[],
  ])[] = [
    ["png", png, [48, 32], []],
    ["jpeg", jpeg, [48, 32], []],
    ["webp", webp, [48, 32], []],
    ["tiff", tiff, [48, 32], []],
    ["gif with one frame", gif, [48, 32], []],
    ["avif", patternImage().avif().toBuffer(), [48, 32], []],
    ["16 bits a channel", patternImage().toColourspace("rgb16").png().toBuffer(), [48, 32], []],
    ["grey", patternImage().greyscale().toColourspace("b-w").png().toBuffer(), [48, 32], []],
    ["grey, 16 bits", patternImage().toColourspace("grey16").png().toBuffer(), [48, 32], []],
    ["CMYK JPEG", patternImage().toColourspace("cmyk").jpeg().toBuffer(), [48, 32], []],
    ["CMYK TIFF", patternImage().toColourspace("cmyk").tiff().toBuffer(), [48, 32], []],
    ["palette", patternImage().png({ palette: true }).toBuffer(), [48, 32], []],
    ["alpha", plainImage("#ff0000", 0.5).png().toBuffer(), [20, 10], []],
    ["turned by EXIF", patternImage().withMetadata({ orientation: 6 }).jpeg().toBuffer(), [32, 48], []],
    ["trailing bytes", Buffer.concat([png, Buffer.from("PK trailing")]), [48, 32], []],
    ["one pixel", patternImage(1, 1).png().toBuffer(), [1, 1], []],
    ["a long strip", patternImage(1, 5000).png().toBuffer(), [1, 5000], []],
    ["animated gif", animatedImage("gif"), [20, 10], ["photo-animated"]],
    ["animated webp", animatedImage("webp"), [20, 10], ["photo-animated"]],
  ];
  it.each(usable)("is used: %s", async (_, making, [width, height], codes) => {
    const content = await making;
    // The ending lies on purpose: content decides.
    const { classes, problems } = await readFewShotFolder(await folderWith({ "a/photo.dat": content, "b/x.png": red }));
    const bytes = Buffer.from(content);
    expect(classes[0]).toEqual({
      folder: "a",
      photos: [{ path: "a/photo.dat", sha256: sha256(bytes), bytes: bytes.length, width, height }],
    });
    expect(problems.map(({ code, effect }) => [code, effect])).toEqual(codes.map((code) => [code, "note"]));
  });

  const unusable: readonly (readonly [string, Content, string])[] = [
    ["0 bytes", "", "photo-empty"],
    ["truncated png", truncated(png), "photo-damaged"],
    ["truncated jpeg", truncated(jpeg), "photo-damaged"],
    ["jpeg without its last bytes", jpeg.subarray(0, jpeg.length - 12), "photo-damaged"],
    ["truncated webp", truncated(webp), "photo-damaged"],
    ["truncated tiff", truncated(tiff), "photo-damaged"],
    ["truncated gif", truncated(gif), "photo-damaged"],
    ["png header only", png.subarray(0, 20), "photo-damaged"],
    ["a signature only", png.subarray(0, 8), "photo-damaged"],
    ["too many pixels", hugePng(60000, 60000), "photo-too-large"],
    ["size beyond PNG's range", hugePng(0x80000000, 0xffffffff), "photo-damaged"],
    ["size 0 x 0", hugePng(0, 0), "photo-damaged"],
    [
      "bmp",
      Buffer.concat([Buffer.from("BM"), Buffer.alloc(12), Buffer.from([40]), Buffer.alloc(60)]),
      "photo-unsupported",
    ],
    ["heic", Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypheic\0\0\0\0mif1heic")]), "photo-unsupported"],
    ["psd", Buffer.concat([Buffer.from("8BPS"), Buffer.alloc(40)]), "photo-unsupported"],
    ["svg", '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "photo-unsupported"],
    ["text", "a photo of a cat", "not-a-photo"],
    ["pdf", "%PDF-1.7\n", "not-a-photo"],
    ["zeros", Buffer.alloc(1000), "not-a-photo"],
    ["larger than allowed", Buffer.concat([png, Buffer.alloc(64 * 1024 * 1024)]), "photo-too-large"],
  ];
  it.each(unusable)("is left out, with a reason: %s", async (_, content, code) => {
    const { classes, problems } = await readFewShotFolder(
      await folderWith({ "a/photo.png": content, "a/x.png": red, "b/y.png": green }),
    );
    expect(classes.map(({ folder, photos }) => [folder, photos.map(({ path }) => path)])).toEqual([
      ["a", ["a/x.png"]],
      ["b", ["b/y.png"]],
    ]);
    expect(problems).toEqual([
      { code, effect: "left-out", path: "a/photo.png", message: expect.any(String), fix: expect.any(String) },
    ]);
  });
});

describe("class folders", () => {
  it("sorts classes and photos by code point, as Python does", async () => {
    // U+FF5E comes before U+1F600 by code point, after it by UTF-16 unit.
    const names = ["\u{1f600}", "\uff5e", "b", "a b", "Z", "a.b", "é"];
    const files = Object.fromEntries(names.map((name, index) => [`${name}/1.png`, index % 2 ? red : green]));
    const { classes } = await readFewShotFolder(await folderWith({ ...files, "b/10.png": blue, "b/2.png": jpeg }));
    expect(classes.map(({ folder }) => folder)).toEqual(["Z", "a b", "a.b", "b", "é", "\uff5e", "\u{1f600}"]);
    expect(classes[3]!.photos.map(({ path }) => path)).toEqual(["b/1.png", "b/10.png", "b/2.png"]);
  });

  it("takes names with spaces, dots and 200 characters as they are", async () => {
    const names = [" lead", "...dots", "x".repeat(200), "über maß", "日本語", "trail."];
    const visible = names.filter((name) => !name.startsWith("."));
    const { classes } = await readFewShotFolder(
      await folderWith(Object.fromEntries(names.map((name) => [`${name}/1.png`, red]))),
    );
    expect(classes.map(({ folder }) => folder).sort()).toEqual([...visible].sort());
  });

  it("reports an empty class and goes on with the others", async () => {
    const root = await folderWith({ "a/1.png": red, "b/1.png": green });
    await mkdir(join(root, "empty"));
    const { classes, problems } = await readFewShotFolder(root);
    expect(classes).toHaveLength(2);
    expect(problems).toMatchObject([{ code: "class-empty", path: "empty", effect: "left-out" }]);
  });

  it("notes that there is only one class", async () => {
    const { problems } = await readFewShotFolder(await folderWith({ "only/1.png": red }));
    expect(problems).toMatchObject([{ code: "class-single", path: "only", effect: "note" }]);
  });

  it("uses an exact copy once, and notes a picture that is in two classes", async () => {
    const root = await folderWith({ "a/1.png": red, "a/2.png": red, "b/1.png": red, "b/2.png": green });
    const { classes, problems } = await readFewShotFolder(root);
    expect(classes.map(({ photos }) => photos.map(({ path }) => path))).toEqual([["a/1.png"], ["b/1.png", "b/2.png"]]);
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ["photo-duplicate", "a/2.png"],
      ["photo-in-two-classes", "b/1.png"],
    ]);
  });

  it("passes over clutter in silence, and names photos outside and folders inside of classes", async () => {
    const { classes, problems } = await readFewShotFolder(
      await folderWith({
        "README.md": "# photos",
        "mine.loft.json": "{}",
        ".DS_Store": "x",
        ".git/HEAD": "x",
        "loose.jpg": jpeg,
        "a/1.png": red,
        "a/.hidden.png": green,
        "a/Thumbs.db": "x",
        "a/metadata.jsonl": "{}",
        "a/more/1.png": green,
        "b/1.png": green,
        "__MACOSX/1.png": red,
      }),
    );
    expect(classes.map(({ folder, photos }) => [folder, photos.length])).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ["photo-outside-class", "loose.jpg"],
      ["folder-nested", "a/more"],
    ]);
  });
});

describe.skipIf(process.platform === "win32")("links and special files", () => {
  it("follows links to files and folders, and reports links that lead nowhere or in circles", async () => {
    const elsewhere = await folderWith({ "photo.png": red, "class/1.png": green });
    const root = await folderWith({ "a/0.png": blue });
    await symlink(join(elsewhere, "photo.png"), join(root, "a/linked.png"));
    await symlink(join(elsewhere, "class"), join(root, "linked"));
    await symlink(join(root, "nowhere"), join(root, "a/broken.png"));
    await symlink(join(root, "a/circle.png"), join(root, "a/circle.png"));
    const { classes, problems } = await readFewShotFolder(root);
    expect(classes.map(({ photos }) => photos.map(({ path }) => path))).toEqual([
      ["a/0.png", "a/linked.png"],
      ["linked/1.png"],
    ]);
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ["link-broken", "a/broken.png"],
      ["link-broken", "a/circle.png"],
    ]);
  });

  it("never opens a pipe, which would wait forever", async () => {
    const root = await folderWith({ "a/1.png": red, "b/1.png": green });
    execFileSync("mkfifo", [join(root, "a/pipe.png")]);
    const { problems } = await readFewShotFolder(root);
    expect(problems).toMatchObject([{ code: "not-a-photo", path: "a/pipe.png" }]);
  });

  // The administrator may read everything.
  it.skipIf(process.getuid?.() === 0)("reports files and folders without permission", async () => {
    const root = await folderWith({ "a/1.png": red, "a/2.png": green, "b/1.png": green, "c/1.png": blue });
    await chmod(join(root, "a/2.png"), 0);
    await chmod(join(root, "c"), 0);
    const { problems } = await readFewShotFolder(root);
    await chmod(join(root, "c"), 0o700);
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ["photo-unreadable", "a/2.png"],
      ["folder-unreadable", "c"],
    ]);
  });
});

describe("nothing to work with", () => {
  const cases = [
    ["photos without class folders", { "1.png": red, "2.png": green }, "data-folder-layout", "CLASS/photo.png"],
    [
      "photos one level too deep",
      { "test/cat/1.png": red, "train/cat/1.png": red },
      "data-folder-layout",
      "/train instead",
    ],
    ["an empty folder", {}, "data-folder-empty", "CLASS/photo.png"],
    ["unusable photos only", { "a/1.png": "", "b/2.png": truncated(png) }, "data-folder-empty", "PNG, JPEG or WebP"],
  ] as const;
  it.each(cases)("is an error that shows the layout: %s", async (_, files, code, fix) => {
    const root = await folderWith(files);
    const error = await loftErrorOf(() => readFewShotFolder(root), code);
    expect(error.fix).toContain(fix);
  });

  it("names the files and reasons when no photo is usable", async () => {
    const root = await folderWith({ "a/1.png": "", "b/2.png": "text" });
    const error = await loftErrorOf(() => readFewShotFolder(root), "data-folder-empty");
    expect(error.what).toContain("a/1.png: The file has 0 bytes.");
    expect(error.what).toContain("b/2.png");
  });

  it("is an error when the folder is missing or a file", async () => {
    const root = await folderWith({ "file.png": red });
    await loftErrorOf(() => readFewShotFolder(join(root, "missing")), "data-folder-missing");
    await loftErrorOf(() => readFewShotFolder(join(root, "file.png")), "data-folder-missing");
  });
});
