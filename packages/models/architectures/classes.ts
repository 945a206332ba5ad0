/** The classes of diffusers and transformers whose graphs are written here. */
export const networkClasses = [
  "UNet2DConditionModel",
  "UNet2DModel",
  "CLIPTextModel",
  "CLIPTextModelWithProjection",
  "AutoencoderKL",
] as const;

/** One of {@linkcode networkClasses}. */
export type NetworkClass = typeof networkClasses[number];

/** Whether a class is one of {@linkcode networkClasses}. */
export function isNetworkClass(name: unknown): name is NetworkClass {
  return (networkClasses as readonly unknown[]).includes(name);
}
