import { builtin, environment } from "../files/_builtin.ts";

/** The user's own folder; the variables first, which need no permission of their own to be asked. */
export function homeFolder(): string {
  const named = environment("HOME") ?? environment("USERPROFILE");
  if (named !== undefined) return named;
  try {
    return builtin("os").homedir();
  } catch (error) {
    throw new Error(
      "Cannot find the user's folder: neither HOME nor the system may be asked for it; expected " +
        "HF_HUB_CACHE or the cacheDir option, or Deno's permission for the environment",
      { cause: error },
    );
  }
}

/** The folder of everything that huggingface_hub keeps. */
export function hubHome(): string {
  const { join } = builtin("path");
  const home = environment("HF_HOME");
  if (home !== undefined) return home;
  return join(
    environment("XDG_CACHE_HOME") ?? join(homeFolder(), ".cache"),
    "huggingface",
  );
}

/**
 * The folder that hub downloads are kept in: HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else `hub` in
 * HF_HOME, which is `huggingface` in XDG_CACHE_HOME or `~/.cache`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hubCacheFolder } from "@shum/models";
 *
 * Deno.env.set("HF_HUB_CACHE", "./models");
 * assertEquals(hubCacheFolder(), "./models");
 * Deno.env.delete("HF_HUB_CACHE");
 * ```
 */
export function hubCacheFolder(): string {
  return environment("HF_HUB_CACHE") ?? environment("HUGGINGFACE_HUB_CACHE") ??
    builtin("path").join(hubHome(), "hub");
}
