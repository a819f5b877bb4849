/**
 * A writer for the few protobuf messages an ONNX model needs. Field numbers are those of onnx.proto (ONNX 1.18).
 * Knows nothing of graphs or operations.
 */
import { type HostArray, onnxElementTypes } from "../graph/dtype.ts";
import type { Attributes, TensorType } from "../graph/op.ts";

/** Bytes of one message, as a list of chunks. */
type Message = readonly Uint8Array[];

const utf8 = new TextEncoder();

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (0x7fn < rest) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function integerField(field: number, value: number | bigint): Message {
  return [varint(field << 3), varint(value)];
}

function bytesField(field: number, bytes: Uint8Array): Message {
  return [varint((field << 3) | 2), varint(bytes.length), bytes];
}

function textField(field: number, text: string): Message {
  return bytesField(field, utf8.encode(text));
}

function floatField(field: number, value: number): Message {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [varint((field << 3) | 5), bytes];
}

function messageField(field: number, message: Message): Message {
  const length = message.reduce((sum, chunk) => sum + chunk.length, 0);
  return [varint((field << 3) | 2), varint(length), ...message];
}

/** AttributeProto. Integers become INT, other numbers FLOAT, lists INTS, booleans INT 0 or 1. */
function attribute(name: string, value: Attributes[string]): Message {
  const head = textField(1, name);
  if (typeof value === "string") return [...head, ...textField(4, value), ...integerField(20, 3)];
  if (typeof value === "boolean") return [...head, ...integerField(3, value ? 1 : 0), ...integerField(20, 2)];
  if (typeof value !== "number") {
    return [...head, ...value.flatMap((item) => integerField(8, item)), ...integerField(20, 7)];
  }
  if (floatAttributes.has(name)) return [...head, ...floatField(2, value), ...integerField(20, 1)];
  return [...head, ...integerField(3, value), ...integerField(20, 2)];
}

/** Attributes that ONNX declares as FLOAT, whatever their value. */
const floatAttributes: ReadonlySet<string> = new Set(["epsilon", "alpha", "beta", "scale"]);

export type NodeText = {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
};

/** NodeProto as a field of GraphProto; a type may be `DOMAIN:TYPE`. */
export function nodeMessage(node: NodeText): Message {
  const [opType, domain] = node.opType.split(":").reverse() as [string, string?];
  return messageField(1, [
    ...node.inputs.flatMap((name) => textField(1, name)),
    ...node.outputs.flatMap((name) => textField(2, name)),
    ...textField(3, node.outputs[0] ?? ""),
    ...textField(4, opType),
    ...Object.entries(node.attributes).flatMap(([name, value]) => messageField(5, attribute(name, value))),
    ...(domain === undefined ? [] : textField(7, domain)),
  ]);
}

/** TensorProto with its data inside, as a field of GraphProto. */
export function initializerMessage(name: string, data: HostArray, type: TensorType): Message {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return messageField(5, [...tensorHead(name, type), ...bytesField(9, bytes)]);
}

export type ExternalData = { readonly location: string; readonly offset: number; readonly byteLength: number };

/** TensorProto whose data stays in a file beside the model, as a field of GraphProto. */
export function externalInitializerMessage(name: string, data: ExternalData, type: TensorType): Message {
  const entry = (key: string, value: string) => messageField(13, [...textField(1, key), ...textField(2, value)]);
  return messageField(5, [
    ...tensorHead(name, type),
    ...entry("location", data.location),
    ...entry("offset", String(data.offset)),
    ...entry("length", String(data.byteLength)),
    ...integerField(14, 1),
  ]);
}

function tensorHead(name: string, { shape, dtype }: TensorType): Message {
  return [
    ...shape.flatMap((size) => integerField(1, size)),
    ...integerField(2, onnxElementTypes[dtype]),
    ...textField(8, name),
  ];
}

export type NamedType = TensorType & { readonly name: string };

/** ValueInfoProto as field `field` of GraphProto: 11 for inputs, 12 for outputs. */
export function valueInfoMessage(field: 11 | 12, { name, shape, dtype }: NamedType): Message {
  const dimensions = shape.flatMap((size) => messageField(1, integerField(1, size)));
  const tensor = [...integerField(1, onnxElementTypes[dtype]), ...messageField(2, dimensions)];
  return messageField(field, [...textField(1, name), ...messageField(2, messageField(1, tensor))]);
}

/** ModelProto: opset 18 and ONNX Runtime's own operations, IR version 9. */
export function modelBytes(graph: readonly Message[]): Uint8Array {
  return concatenate([
    ...integerField(1, 9),
    ...textField(2, "LoFT"),
    ...messageField(7, [...graph.flat(), ...textField(2, "loft")]),
    ...messageField(8, integerField(2, 18)),
    ...messageField(8, [...textField(1, "com.microsoft"), ...integerField(2, 1)]),
  ]);
}

function concatenate(chunks: Message): Uint8Array {
  const result = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    result.set(chunk, offset);
    offset += chunk.length;
  }
  return result;
}
