/** What the codes of operating systems mean, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is a file",
  EEXIST: "it exists",
  ENOTEMPTY: "the folder is not empty",
  EACCES: "its permissions do not allow it",
  EPERM: "its permissions do not allow it",
  EROFS: "it lies on a disk that can only be read",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk is full",
  EFBIG: "it would be larger than the disk allows",
  EIO: "the disk failed",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EXDEV: "it lies on another disk",
  EBUSY: "another program uses it",
  ETXTBSY: "another program uses it",
  EINVAL: "no file can have such a name, or be used so",
  EPIPE: "its reader has gone away",
  ENXIO: "nobody reads it",
  ENOMEM: "memory ran out",
};

/** How Deno says that it was not started with a permission. */
const PERMISSION = /^Requires (\w+) access(?: to (.{0,200}?))?, run again with the (--[\w-]+) flag/;

/**
 * Why the operating system, or Deno on its behalf, refused something: in a few words, without the
 * system's own. Undefined for any other error.
 */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const needed = PERMISSION.exec(error.message);
  if (needed !== null) {
    const [, what, where = "any"] = needed;
    const flag = `--allow-${what}`;
    return `Deno was started without permission for it (${what}: ${where}); expected ${flag}, see ` +
      `"Permissions" in README.md`;
  }
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return undefined;
  if (code in REASONS) return REASONS[code];
  return /^E[A-Z0-9]{2,}$/.test(code) ? `the system refused it (${code})` : undefined;
}
