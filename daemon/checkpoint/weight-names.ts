/** Names that older versions of diffusers gave to tensors, brought up to date. Pure. */
/** Attention layers in autoencoders saved by early diffusers, published Stable Diffusion 1.x files among them. */
const attentionNames: Readonly<Record<string, string>> = {
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

/**
 * The same file with today's tensor names: `attentions.0.query.weight` is `attentions.0.to_q.weight`, and so on, as
 * diffusers 0.42 renames them when it loads an AutoencoderKL.
 */
export function withCurrentNames<T extends { readonly tensors: ReadonlyMap<string, unknown> }>(file: T): T {
  const tensors = [...file.tensors].map(([name, entry]) => [currentName(name), entry] as const);
  return { ...file, tensors: new Map(tensors) };
}

function currentName(name: string): string {
  return name.replace(
    /(\.attentions\.\d+\.)(query|key|value|proj_attn)(\.(?:weight|bias))$/,
    (_, before, part, after) => {
      return `${before}${attentionNames[part]}${after}`;
    },
  );
}
