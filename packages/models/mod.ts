export * from "./autoencoder/autoencoder.ts";
export * from "./autoencoder/config.ts";
export * from "./denoiser/classifier.ts";
export * from "./text/clip_tokenizer.ts";
export * from "./condition.ts";
export * from "./engine/engine.ts";
export * from "./denoiser/denoiser.ts";
export * from "./finite.ts";
export * from "./engine/float16.ts";
export * from "./denoiser/guidance_embedding.ts";
export { HubError, type HubErrorCode } from "./hub/_error.ts";
export { hubCacheFolder } from "./hub/_folder.ts";
export { isHubId } from "./hub/_id.ts";
export type { HubOptions, HubProgress } from "./hub/hub.ts";
export * from "./denoiser/learned_variance.ts";
export * from "./model_files.ts";
export type { ModelIndex } from "./model_index.ts";
export * from "./onnx/model.ts";
export * from "./text/prompt_weights.ts";
export {
  cachedModels,
  downloadFromHub,
  openRepository,
  openSession,
  probeDevices,
} from "./platform.ts";
export * from "./engine/providers.ts";
export type { CachedModel } from "./repository/_cached.ts";
export * from "./repository/error.ts";
export type { Repository, RepositoryOptions } from "./repository/repository.ts";
export * from "./session.ts";
export * from "./tensor.ts";
export * from "./text/text_encoder.ts";
