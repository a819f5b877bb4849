/** A stand-in in plain JavaScript for the native logger of the workbench's server: without one, output stays empty. */
const { appendFileSync, mkdirSync } = require("node:fs");
const { dirname } = require("node:path");

const names = ["trace", "debug", "info", "warning", "error", "critical"];

class Logger {
  constructor(_kind, _name, file) {
    this.file = file;
    this.level = 2;
    this.isRaw = false;
    for (const [level, name] of names.entries())
      this[name === "warning" ? "warn" : name] = (text) => this.put(level, text);
  }

  put(level, text) {
    if (level < this.level) return;
    const time = new Date().toISOString().replace("T", " ").replace("Z", "");
    try {
      appendFileSync(this.file, this.isRaw ? text : `${time} [${names[level]}] ${text}\n`);
    } catch {
      // The folder goes when the test ends.
    }
  }

  getLevel() {
    return this.level;
  }

  setLevel(level) {
    this.level = level;
  }

  setPattern() {}

  clearFormatters() {
    this.isRaw = true;
  }

  flush() {}

  drop() {}
}

async function makeLogger(_name, file) {
  mkdirSync(dirname(file), { recursive: true });
  return new Logger("", "", file);
}

// The server imports these by name: they have to be assignments to `exports`.
exports.version = 1;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = makeLogger;
exports.createAsyncRotatingLogger = makeLogger;
