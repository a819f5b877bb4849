/** ONNX Runtime reports to its makers unless it is told not to. */

/**
 * To be called before the runtime is first used in this process, whose threads share what is said here. From 1.29 on the
 * runtime else keeps a device id and a database in the user's cache folder, uploads events from threads of its own, and
 * waits for these when the process ends: for ever, where one of them found no memory to start. Windows has events of the
 * system instead, which this does not touch.
 */
export function turnTelemetryOff(): void {
  process.env.ORT_DISABLE_TELEMETRY = "1";
}
