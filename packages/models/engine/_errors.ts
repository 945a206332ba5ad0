/** Where a message of the engine arose. */
export interface ErrorContext {
  readonly path: string;
  readonly device: string;
  readonly during: "load" | "run";
}

/** Engine's words → what happened and what to do. The first that matches counts. */
const translations: readonly (readonly [RegExp, string])[] = [
  [
    /Could not find an implementation for (\S+?)\(\d+\) node/,
    'the operator $1 does not exist on "$device"; expected a model exported for it: take a plain ONNX export, or another device',
  ],
  [
    /(\S+?)(?:\(-?\d+\))? is not a registered function\/op|No Op registered for (\S+)/,
    "the operator $1$2 is unknown to the engine; expected standard ONNX or com.microsoft operators: the model needs a custom library, or a newer engine",
  ],
  [
    /[Pp]rotobuf parsing failed|Model data pointer is null|model\.cc:\d+/,
    "the file is not a whole ONNX model; expected one: download or export it again",
  ],
  [
    /External data path does not exist|External data path escapes|External data file .*(?:not|fail)|cannot get file size/i,
    "its weights file is not beside it in the same real folder; expected the file that the export wrote next to the model (links to other folders do not work: copy it)",
  ],
  [
    /Unsupported data type: (\d+)/,
    "it has inputs or outputs of ONNX data type $1 (16 is bfloat16), which the engine cannot pass; expected float32 or float16: export it with those",
  ],
  [
    /Failed to allocate|out of memory|OOM|not enough memory|bad_alloc|Invalid buffer|exceeds the max buffer size/i,
    "memory ran out; expected a smaller image or batch, a tiled decoder, or a device with more memory",
  ],
  [
    /requires f16 but the device does not support it/,
    'it computes in float16, which "$device" cannot here; expected a float32 export, or another device',
  ],
  [
    /Opset (\d+) is (?:under development|not)|Unsupported model IR version: (\d+)|ONNX Runtime only \*guarantees\*/,
    "it is of a newer ONNX version than the engine reads; expected an export with opset 20 or lower",
  ],
  [
    /Non-zero status code returned while running (\S+) node\. Name:'([^']*)'/,
    "the operator $1 (node $2) failed; expected inputs whose sizes fit together: check that width and height suit the model and that text encoder and denoiser belong to one model",
  ],
];

/** Turns an error of the engine into one that says what to do; keeps the engine's words at its end. */
export function translateError(error: unknown, context: ErrorContext): Error {
  const message = error instanceof Error ? error.message : String(error);
  // Errors that we made ourselves are helpful already.
  if (message.startsWith("Cannot ")) return error as Error;
  const verb = context.during === "load" ? "load" : "run";
  for (const [pattern, text] of translations) {
    const match = pattern.exec(message);
    if (!match) continue;
    const filled = text
      .replace(/\$(\d)/g, (_, group) => match[Number(group)] ?? "")
      .replaceAll("$device", context.device);
    return new Error(`Cannot ${verb} "${context.path}": ${filled} (the engine says: ${message})`);
  }
  return new Error(`Cannot ${verb} "${context.path}" on "${context.device}": ${message}`);
}
