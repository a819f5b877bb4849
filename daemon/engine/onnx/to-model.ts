/** From a graph to the bytes of an ONNX model: each node is lowered by its own operation, names are given last. */
import { dirname, isAbsolute, relative, sep } from "node:path";
import { hostArray, onnxElementTypes } from "../graph/dtype.ts";
import type { Attributes, Emitter } from "../graph/op.ts";
import { type Shape, sameShape, shapeError, sizeOf } from "../graph/shape.ts";
import type { Node, Value, WeightNode } from "../graph/value.ts";
import { nodesOf } from "../graph/walk.ts";
import {
  externalInitializerMessage,
  initializerMessage,
  modelBytes,
  type NamedType,
  nodeMessage,
  valueInfoMessage,
} from "./proto.ts";

/** A serialized model: what a session is made of. */
export type OnnxModel = {
  readonly bytes: Uint8Array;
  /** Folder that the weights' files lie in or below; undefined when all data is inside. */
  readonly weightsFolder: string | undefined;
  /** Bytes of the weights that stay in files. */
  readonly weightBytes: number;
  /** Its weights are too many bytes to be copied or laid out anew. */
  readonly isLarge: boolean;
  readonly inputs: readonly NamedType[];
  readonly outputs: readonly NamedType[];
  /** Distinct ONNX operators used, sorted. */
  readonly opTypes: readonly string[];
  readonly nodeCount: number;
};

/** Weights of more bytes than this as f32 make a model large. */
const largeModelBytes = 100 * 2 ** 20;

/** Whether the weights among these nodes make their model a large one. */
export function isLargeModel(nodes: readonly Node[]): boolean {
  const bytes = nodes.reduce((sum, node) => sum + (node.kind === "weight" ? 4 * sizeOf(node.type.shape) : 0), 0);
  return largeModelBytes < bytes;
}

export type ModelOptions = {
  /** In a large model 16-bit weights are widened one by one, each just before its use. */
  readonly widenLate?: boolean;
  /** Large attention is computed by ONNX Runtime's own operation. */
  readonly ownAttention?: boolean;
};

/**
 * Lower everything that the outputs reach. Output names are the keys of `outputs`.
 * @throws LoftError "shape-mismatch" when two inputs share a name
 */
export function toModel(outputs: Readonly<Record<string, Value>>, options: ModelOptions = {}): OnnxModel {
  const { widenLate = false, ownAttention = false } = options;
  const nodes = nodesOf(Object.values(outputs));
  const weightBytes = nodes.reduce((sum, node) => sum + (node.kind === "weight" ? node.byteLength : 0), 0);
  const weightsFolder = weightsFolderOf(nodes);
  const isLarge = isLargeModel(nodes);
  const builder = createBuilder({ weightsFolder: weightsFolder ?? "", isLarge, widenLate, ownAttention });
  const names = new Map<Node, readonly string[]>();
  for (const node of nodes) names.set(node, lowerNode(builder, node, names));
  for (const [name, value] of Object.entries(outputs)) builder.node("Identity", [nameOf(names, value)], [name], {});
  const used = usedNodes(builder.nodes, Object.keys(outputs));
  const inputs = inputTypes(nodes);
  const results = Object.entries(outputs).map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
  return {
    bytes: modelBytes([
      ...builder.messages,
      ...used.map(nodeMessage),
      ...inputs.map((type) => valueInfoMessage(11, type)),
      ...results.map((type) => valueInfoMessage(12, type)),
    ]),
    weightsFolder,
    weightBytes,
    isLarge,
    inputs,
    outputs: results,
    opTypes: [...new Set(used.map(({ opType }) => opType))].sort(),
    nodeCount: used.length,
  };
}

type BuilderOptions = Required<ModelOptions> & { readonly weightsFolder: string; readonly isLarge: boolean };

type OnnxNode = Parameters<typeof nodeMessage>[0];

type Builder = Emitter & {
  /** Initializers, as bytes. */
  readonly messages: (readonly Uint8Array[])[];
  readonly nodes: OnnxNode[];
  readonly node: (
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Attributes,
  ) => void;
  readonly weight: (node: WeightNode) => string;
};

function createBuilder({ weightsFolder, isLarge, widenLate, ownAttention }: BuilderOptions): Builder {
  const messages: (readonly Uint8Array[])[] = [];
  const nodes: OnnxNode[] = [];
  const shared = new Map<string, string>();
  let count = 0;
  const fresh = (stem: string) => {
    count += 1;
    return `${stem}_${count}`;
  };
  const node: Builder["node"] = (opType, inputs, outputs, attributes) => {
    nodes.push({ opType, inputs, outputs, attributes });
  };
  const emitMany: Emitter["emitMany"] = (opType, inputs, outputs, attributes = {}) => {
    const names = Array.from({ length: outputs }, () => fresh(opType));
    node(opType, inputs, names, attributes);
    return names;
  };
  const constant: Emitter["constant"] = (data, shape, dtype) => {
    const name = fresh("constant");
    messages.push(initializerMessage(name, data, { shape, dtype }));
    return name;
  };
  const sharedConstant = (key: string, make: () => string): string => {
    const name = shared.get(key) ?? make();
    shared.set(key, name);
    return name;
  };
  const weight: Builder["weight"] = ({ file, offset, byteLength, type }) => {
    const name = fresh("weight");
    messages.push(
      externalInitializerMessage(name, { location: locationOf(weightsFolder, file), offset, byteLength }, type),
    );
    return name;
  };
  const emit: Emitter["emit"] = (opType, inputs, attributes) => emitMany(opType, inputs, 1, attributes)[0] as string;
  const integers: Emitter["integers"] = (values) =>
    sharedConstant(`i64:${values.join()}`, () => constant(hostArray("i64", values), [values.length], "i64"));
  const scalar: Emitter["scalar"] = (value, dtype) =>
    sharedConstant(`${dtype}:${value}`, () => constant(hostArray(dtype, [value]), [], dtype));
  const late = { emit, integers, scalar };
  const reshape = reshaper({ emit, integers });
  return {
    messages,
    nodes,
    node,
    weight,
    reshape,
    widened: (name, { dtype, shape }, after) => {
      if (dtype !== "f16" && dtype !== "bf16") return name;
      if (isLarge && widenLate) return widen(emit, tiedTo(late, name, shape, after));
      return sharedConstant(`wide:${name}`, () => widen(emit, name));
    },
    emitMany,
    emit,
    constant,
    integers,
    scalar,
    hasOwnAttention: ownAttention,
  };
}

/** Each value that a reshape made is known by what it was first, and has each other shape once. */
function reshaper({ emit, integers }: Pick<Emitter, "emit" | "integers">): Emitter["reshape"] {
  const origins = new Map<string, { readonly name: string; readonly shape: Shape }>();
  const made = new Map<string, string>();
  return (name, from, to) => {
    const origin = origins.get(name) ?? { name, shape: from };
    if (sameShape(origin.shape, to)) return origin.name;
    const key = `${origin.name}:${to.join()}`;
    const result = made.get(key) ?? emit("Reshape", [origin.name, integers(to)]);
    made.set(key, result);
    origins.set(result, origin);
    return result;
  };
}

/** The nodes that outputs depend on, in their order. */
function usedNodes(nodes: readonly OnnxNode[], outputs: readonly string[]): OnnxNode[] {
  const wanted = new Set(outputs);
  const used: OnnxNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    used.push(node);
    for (const name of node.inputs) wanted.add(name);
  }
  return used.reverse();
}

function widen(emit: Emitter["emit"], name: string): string {
  return emit("Cast", [name], { to: onnxElementTypes.f32 });
}

/**
 * The same tensor, but not before `after` is computed: its shape is read from `after`. ONNX Runtime runs nodes that
 * depend on nothing but constants first, and would hold all of their results at once.
 */
function tiedTo(
  { emit, integers, scalar }: Pick<Emitter, "emit" | "integers" | "scalar">,
  name: string,
  shape: Shape,
  after: string,
): string {
  const first = emit("Slice", [emit("Reshape", [after, integers([-1])]), integers([0]), integers([1])]);
  const nothing = emit("Cast", [emit("Mul", [first, scalar(0, "f32")])], { to: onnxElementTypes.i64 });
  return emit("Reshape", [name, emit("Add", [integers(shape), nothing])]);
}

/** ONNX wants forward slashes. */
function locationOf(weightsFolder: string, file: string): string {
  return relative(weightsFolder, file).replaceAll(sep, "/");
}

function lowerNode(builder: Builder, node: Node, names: ReadonlyMap<Node, readonly string[]>): readonly string[] {
  switch (node.kind) {
    case "input":
      return [node.name];
    case "constant":
      return [builder.constant(node.data, node.type.shape, node.type.dtype)];
    case "weight":
      return [builder.weight(node)];
    case "op": {
      const { op, inputs, outputs, attributes } = node;
      return op.lower({
        onnx: builder,
        names: inputs.map((value) => nameOf(names, value)),
        inputs,
        outputs,
        attributes,
      });
    }
  }
}

function nameOf(names: ReadonlyMap<Node, readonly string[]>, value: Value): string {
  return names.get(value.node)?.[value.outputIndex] as string;
}

function inputTypes(nodes: readonly Node[]): NamedType[] {
  const types = nodes.flatMap((node) => (node.kind === "input" ? [{ name: node.name, ...node.type }] : []));
  const twice = types.find(({ name }, index) => types.findIndex((other) => other.name === name) < index);
  if (twice !== undefined) throw shapeError("toModel", `two inputs are named ${twice.name}.`);
  return types;
}

/** Weights are named by their path from the nearest folder that holds all of them. */
function weightsFolderOf(nodes: readonly Node[]): string | undefined {
  const folders = nodes.flatMap((node) => (node.kind === "weight" ? [dirname(node.file)] : []));
  return folders.length === 0 ? undefined : folders.reduce(commonFolder);
}

function commonFolder(left: string, right: string): string {
  let folder = left;
  while (isOutside(relative(folder, right)) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

function isOutside(path: string): boolean {
  return path.startsWith("..") || isAbsolute(path);
}
