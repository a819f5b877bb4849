/** One half of the autoencoder made ready for pictures of one size, whole or tile by tile. */
import { concatenated, float32 } from "../engine/graph/tensor.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { createSession, type Session, type SessionOptions } from "../engine/runtime/session.ts";
import { computeInTiles, type Planes, type TileSizes } from "./tiles.ts";

export type VaeHalf = {
  /** Channels, height and width of what it is given. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Its outputs for an input [1, channels, height, width]; their planes are returned one behind the other. */
  readonly build: (input: Value) => Readonly<Record<string, Value>>;
  /** Undefined: whole. */
  readonly tiles: TileSizes | undefined;
};

/** A session for one size; release it. */
export type VaeSession = {
  /** @param values [channels, height, width]; returned is the same with the output's channels and size */
  readonly run: (values: Float32Array) => Promise<Float32Array>;
  readonly release: () => Promise<void>;
};

/** Build the session; of a tiled one, that of the first tile. Only one is in memory at a time. */
export async function createVaeSession(half: VaeHalf, options: SessionOptions): Promise<VaeSession> {
  const [channels, height, width] = half.shape;
  const { tiles } = half;
  const sessions = latestShape(half, options);
  await sessions.forShape(Math.min(height, tiles?.cut ?? height), Math.min(width, tiles?.cut ?? width));
  const compute = async (planes: Planes): Promise<Planes> => {
    const session = await sessions.forShape(planes.height, planes.width);
    const results = Object.values(
      await session.run({ planes: float32(planes.values, [1, channels, planes.height, planes.width]) }),
    );
    const [, , rows, columns] = results[0]!.shape as [number, number, number, number];
    const values =
      results.length === 1 ? results[0]!.data : concatenated(results.map(({ data }) => data as Float32Array));
    return { channels: values.length / rows / columns, height: rows, width: columns, values: values as Float32Array };
  };
  return {
    run: async (values) => {
      const whole = { channels, height, width, values };
      return (tiles === undefined ? await compute(whole) : await computeInTiles(whole, tiles, compute)).values;
    },
    release: sessions.release,
  };
}

/** Sessions by height and width; another one's session is released first. */
function latestShape({ shape: [channels], build }: VaeHalf, options: SessionOptions) {
  let latest: { readonly height: number; readonly width: number; readonly session: Session } | undefined;
  const release = async () => {
    const former = latest;
    latest = undefined;
    await former?.session.release();
  };
  const forShape = async (height: number, width: number): Promise<Session> => {
    if (latest?.height === height && latest.width === width) return latest.session;
    await release();
    const session = await createSession(build(input("planes", [1, channels, height, width])), options);
    latest = { height, width, session };
    return session;
  };
  return { forShape, release };
}
