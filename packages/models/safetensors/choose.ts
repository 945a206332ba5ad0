// Which of a folder's .safetensors files are a component's weights, by their names.

/** The weights of a component: one file, or an index and the files that it names. */
export interface SafetensorsChoice {
  readonly file: string;
  readonly sharded: boolean;
}

/**
 * The weights among the files of a folder, in a variant such as "fp16": those of the usual name, else the
 * only ones there are; undefined if there are none.
 */
export function chooseSafetensors(
  names: readonly string[],
  variant?: string,
): SafetensorsChoice | undefined {
  for (const stem of ["diffusion_pytorch_model", "model"]) {
    const parts = variant === undefined ? [stem] : [stem, variant];
    const file = `${parts.join(".")}.safetensors`;
    if (names.includes(file)) return { file, sharded: false };
    const indices = variant === undefined
      ? [`${stem}.safetensors.index.json`]
      : [`${stem}.safetensors.index.${variant}.json`, `${file}.index.json`];
    const index = indices.find((name) => names.includes(name));
    if (index !== undefined) return { file: index, sharded: true };
  }
  const files = names.filter((name) => /\.safetensors(\.|$)/.test(name));
  return variant === undefined && files.length === 1 && files[0]!.endsWith(".safetensors")
    ? { file: files[0]!, sharded: false }
    : undefined;
}

/**
 * Whether a file belongs to what was chosen: itself, or a shard of its variant. The index that names the
 * shards has not been read.
 */
export function belongsTo(name: string, { file, sharded }: SafetensorsChoice): boolean {
  if (name === file || !sharded) return name === file;
  // diffusion_pytorch_model.safetensors.index.fp16.json: …-00001-of-00002.fp16.safetensors, or in newer
  // files ….fp16-00001-of-00002.safetensors.
  const [, stem, variant = ""] = /^(.*?)\.(?:(\w+)\.)?safetensors\.index/.exec(file) ?? [];
  const late = /\.index\.(\w+)\.json$/.exec(file)?.[1] ?? variant;
  const [, before, early, after] =
    /^([^.]*?)(?:\.(\w+))?-\d{5}-of-\d{5}(?:\.(\w+))?\.safetensors$/.exec(name) ?? [];
  return before === stem && (early ?? after ?? "") === late;
}
