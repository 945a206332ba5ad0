/**
 * Which files of a repository a pipeline needs: of the components that model_index.json names, the
 * ONNX graphs with their external data, or else the .safetensors; configs, tokenizers, the scheduler. A Stable
 * Diffusion repository holds each network up to eight times over, in formats for other tools.
 *
 * @module
 */

import { isNetworkClass } from "./architectures/classes.ts";
import { belongsTo, chooseSafetensors, type SafetensorsChoice } from "./safetensors/choose.ts";

/** model_index.json: `_class_name`, components as `[library, class]`, and scalars. */
export interface ModelIndex {
  /** The diffusers pipeline class, such as `StableDiffusionPipeline`. */
  readonly _class_name: string;
  /** The components and settings. */
  readonly [key: string]: unknown;
}

/** What a component of model_index.json is to a pipeline here. */
export type ComponentKind = "network" | "tokenizer" | "scheduler" | "unused";

/** Components that no pipeline of ours reads. */
const UNUSED = /^(safety_checker|feature_extractor|image_processor|watermark)/;

/** The components that model_index.json declares and does not leave out as [null, null]. */
export function components(index: ModelIndex): string[] {
  return Object.keys(index).filter((key) => {
    const value = index[key];
    return !key.startsWith("_") && Array.isArray(value) && value.length === 2 &&
      typeof value[1] === "string";
  });
}

/** The class of a component as model_index.json has it. */
export function classOf(index: ModelIndex, component: string): string {
  return String((index[component] as readonly unknown[] | undefined)?.[1]);
}

export function componentKind(name: string): ComponentKind {
  if (UNUSED.test(name)) return "unused";
  if (name.startsWith("tokenizer")) return "tokenizer";
  return name.endsWith("scheduler") ? "scheduler" : "network";
}

/** The folders that may hold a component: optimum splits "vae" into its two halves. */
export function componentFolders(name: string): readonly string[] {
  return name === "vae" ? ["vae_encoder", "vae_decoder"] : [name];
}

/** The names a graph may have, the best first. */
export function graphNames(variant?: string): readonly string[] {
  return variant === undefined
    ? ["model.onnx"]
    : [`model.${variant}.onnx`, `model_${variant}.onnx`];
}

/** The names that the graph or the weights of a variant may have. */
export function variantNames(variant: string): readonly string[] {
  return [...graphNames(variant), `diffusion_pytorch_model.${variant}.safetensors`];
}

/** Whether any of these paths is a graph of the variant, or its weights. */
export function hasVariant(paths: readonly string[], variant: string): boolean {
  return paths.some((path) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return graphNames(variant).includes(name) || chooseSafetensors([name], variant) !== undefined;
  });
}

/**
 * The weights of a component whose graph is not there and can be written, see `architectures/`.
 *
 * @param paths All the model's files.
 */
export function chooseWeights(
  paths: readonly string[],
  component: string,
  variant?: string,
): SafetensorsChoice | undefined {
  const names = namesIn(paths, component);
  const exported = [component, ...componentFolders(component)].some((folder) =>
    chooseGraph(namesIn(paths, folder)) !== undefined
  );
  return exported ? undefined : chooseSafetensors(names, variant) ?? chooseSafetensors(names);
}

/** The names of the files in one folder. */
function namesIn(paths: readonly string[], folder: string): readonly string[] {
  return paths.filter((path) => path.startsWith(`${folder}/`))
    .map((path) => path.slice(folder.length + 1));
}

/** The graph among the files of one folder: the usual name, else the only .onnx there is. */
export function chooseGraph(names: readonly string[], variant?: string): string | undefined {
  const usual = graphNames(variant).find((name) => names.includes(name));
  if (usual !== undefined || variant !== undefined) return usual;
  const graphs = names.filter((name) => name.endsWith(".onnx"));
  return graphs.length === 1 ? graphs[0] : undefined;
}

const OTHER_TOOLS =
  /\.(safetensors|msgpack|h5|ckpt|pth?|ot|xml|gguf|mlmodel|mlpackage|tflite|md|png|jpe?g|onnx)$|^(openvino_|pytorch_model|diffusion_pytorch_model|flax_model|diffusion_flax_model|tf_model)|\.index\.json$/;

/** Data that belongs to another variant's graph: `model.fp16.onnx_data` beside `model.onnx`. */
function ofAnotherGraph(name: string, graph: string, graphs: readonly string[]): boolean {
  const owner = graphs.filter((other) => name.startsWith(other))
    .sort((a, b) => b.length - a.length)[0];
  return owner !== undefined && owner !== graph;
}

/**
 * The paths, of those in `paths`, that a pipeline with this index reads. External data has no fixed
 * name (`model.onnx_data`, `weights.pb`, one file per tensor), so within the folder of a graph
 * everything counts that no other tool is known for.
 */
export function neededFiles(
  paths: readonly string[],
  index: ModelIndex,
  variant?: string,
): string[] {
  const needed: string[] = paths.filter((path) =>
    path === "model_index.json" || path === "labels.json"
  );
  for (const component of components(index)) {
    const kind = componentKind(component);
    if (kind === "unused") continue;
    const folders = [...new Set([component, ...componentFolders(component)])];
    const weights = chooseWeights(paths, component, variant);
    if (weights && isNetworkClass(classOf(index, component))) {
      for (const name of namesIn(paths, component)) {
        if (belongsTo(name, weights)) needed.push(`${component}/${name}`);
      }
    }
    for (const folder of folders) {
      const names = namesIn(paths, folder);
      if (kind !== "network") {
        const files = names.filter((name) => /\.(json|txt|model)$/.test(name));
        needed.push(...files.map((name) => `${folder}/${name}`));
        continue;
      }
      const graph = chooseGraph(names, variant) ??
        (variant === undefined ? undefined : chooseGraph(names));
      const graphs = names.filter((name) => name.endsWith(".onnx"));
      for (const name of names) {
        const own = name === graph || name.endsWith(".json") && !OTHER_TOOLS.test(name) ||
          graph !== undefined && !OTHER_TOOLS.test(name) && !ofAnotherGraph(name, graph, graphs);
        if (own) needed.push(`${folder}/${name}`);
      }
    }
  }
  return needed;
}

/** The networks of `index` of which no graph is among `paths`, as the folders they were looked for in. */
export function missingGraphs(
  paths: readonly string[],
  index: ModelIndex,
  variant?: string,
): { component: string; expected: string }[] {
  const missing: { component: string; expected: string }[] = [];
  for (const component of components(index)) {
    if (componentKind(component) !== "network") continue;
    // A pipeline can do without the encoder half of a VAE, and not without the decoder.
    const folders = component === "vae" ? ["vae_decoder"] : [component];
    if (component === "vae_encoder" || component === "image_encoder") continue;
    const known = isNetworkClass(classOf(index, component));
    if (known && chooseWeights(paths, component, variant)) continue;
    for (const folder of folders) {
      const names = namesIn(paths, folder);
      if ((chooseGraph(names, variant) ?? chooseGraph(names)) === undefined) {
        missing.push({ component, expected: `${folder}/model.onnx` });
      }
    }
  }
  return missing;
}
